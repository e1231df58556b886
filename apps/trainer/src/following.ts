import { hasEnded } from '@bestmark/core'
import { jobStatus, type Database } from '@bestmark/db'
import { FilesRecorder } from './recordFiles.ts'
import { pause, type Recorded } from './recorder.ts'

/** How often files are looked at while they grow, and once they have been quiet for a while (ms). */
const LOOK = { growing: 500, quiet: 5_000 }
/** After so long without news files are quiet (ms). */
const QUIET_AFTER = 60_000
/** How long to wait before what failed is tried again (ms). */
const TRY_AGAIN = 1_000

/**
 * Keeps recording a run from its program's own files, by looking again and again (network file
 * systems tell no events), until its files tell that it ended or the signal aborts; then records
 * what is left. `onTrouble` hears why nothing is recorded.
 */
export async function followFiles(
  db: Database,
  run: Recorded,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  const recorder = new FilesRecorder(db, run, { isOver: false })
  let heard = performance.now()
  while (!signal.aborted) {
    try {
      if (await recorder.record()) {
        heard = performance.now()
        continue
      }
      if (hasEnded((await jobStatus(db, run.job_id))?.status ?? 'lost')) return
      const isQuiet = performance.now() - heard > QUIET_AFTER
      await pause(isQuiet ? LOOK.quiet : LOOK.growing, signal)
    } catch (error) {
      onTrouble(error)
      await pause(TRY_AGAIN, signal)
    }
  }
  while (await recorder.record());
}
