import { statfs } from 'node:fs/promises'
import { recordFacts, type Database } from '@bestmark/db'
import { readRunProcess } from './process.ts'
import { pause, type Recorded } from './recorder.ts'

/** How often is looked how much room there is (ms). */
const LOOK = 5_000
/** With fewer bytes than that nothing of use can be written. */
const NO_ROOM = 64 * 1024

/** Says on the board when the disk of a run is full, once each time, until the signal aborts. */
export async function watchDisk(
  db: Database,
  run: Recorded,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void,
): Promise<void> {
  for (let wasFull = false; !signal.aborted; await pause(LOOK, signal)) {
    try {
      const isFull = await hasNoRoom(run.folder)
      if (isFull && !wasFull) await tell(db, run)
      wasFull = isFull
    } catch (error) {
      onTrouble(error)
    }
  }
}

async function hasNoRoom(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < NO_ROOM
}

async function tell(db: Database, { job_id, folder }: Recorded): Promise<void> {
  const attempt = readRunProcess(folder)?.attempt ?? 0
  const text = `The disk that holds ${folder} is full: nothing more is saved there until there is room.`
  const at = Date.now()
  await recordFacts(db, job_id, [{ type: 'log', attempt, at, step: null, level: 'warning', text }])
}
