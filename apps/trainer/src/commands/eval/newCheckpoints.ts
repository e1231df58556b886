import { JOURNAL } from '@bestmark/core'
import { pause } from '../../pause.ts'
import { hasLiveProcess } from '../../processes/mark.ts'
import { readLastChange } from '../../sources/identity.ts'
import { readRun } from '../../sources/readRun.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import type { RunCheckpoint } from '../score/checkpointAt.ts'
import { candidatesOf } from './candidates.ts'

/** How often a run is read again (ms). */
const LOOK = 5_000
/** A run without a known process has ended if its files did not change for this time (ms). */
const QUIET = 600_000

/** The checkpoints that a run saves while it is evaluated. */
export class NewCheckpoints {
  readonly #root: string
  readonly #seen: Set<string>
  #looking: Promise<RunCheckpoint[]> | undefined

  constructor({ root }: ReadRun, seen: readonly RunCheckpoint[]) {
    this.#root = root
    this.#seen = new Set(seen.map(keyOf))
  }

  /** Waits for new ones; empty if the run has ended, or if the signal aborts. Callers share them. */
  next(signal: AbortSignal): Promise<RunCheckpoint[]> {
    this.#looking ??= this.#find(signal).finally(() => (this.#looking = undefined))
    return this.#looking
  }

  async #find(signal: AbortSignal): Promise<RunCheckpoint[]> {
    let wasOver = false
    while (!signal.aborted) {
      const began = performance.now()
      const run = await readRun(this.#root)
      const found = candidatesOf(run, undefined, null)
      const added = found.filter((one) => !this.#seen.has(keyOf(one)))
      for (const one of added) this.#seen.add(keyOf(one))
      const isOver = !(await maySave(run))
      // A last checkpoint may be written while the run is read, before its end is seen.
      if (added.length > 0 || (isOver && wasOver)) return added
      wasOver = isOver
      // Reading a long run again takes at most a tenth of the time.
      if (!isOver) await pause(Math.max(LOOK, 9 * (performance.now() - began)), signal)
    }
    return []
  }
}

function keyOf({ checkpoint: { attempt, step, path } }: RunCheckpoint): string {
  return `${attempt} ${step} ${path}`
}

/** Whether a run may still save checkpoints. */
async function maySave({ root, source, events }: ReadRun): Promise<boolean> {
  if (hasLiveProcess(root)) return true
  const turn = events.findLast(({ type }) => type === 'started' || type === 'ended')
  // Other readers end a run whose log stops.
  const isCertain = source === JOURNAL || (turn?.type === 'ended' && turn.status === 'completed')
  if (turn?.type === 'ended' && isCertain) return false
  return Date.now() - (await readLastChange(root)) < QUIET
}
