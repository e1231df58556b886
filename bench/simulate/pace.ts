import { setTimeout as sleep } from 'node:timers/promises'

/** How often it is checked what is due (ms). */
const TICK = 10

/** The time of the machine that all its processes share, with fractions (ms). */
export function now(): number {
  return performance.timeOrigin + performance.now()
}

/**
 * Does the work of each of `count` things once per `every` ms, until the signal aborts. Their times are
 * spread evenly, as those of independent programs are.
 */
export async function spread(
  { count, every }: { count: number; every: number },
  work: (index: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const began = now()
  const due = Array.from({ length: count }, (_, index) => began + (every * index) / count)
  while (!signal.aborted) {
    due.forEach((at, index) => {
      if (at > now()) return
      due[index] = at + every
      work(index)
    })
    await sleep(TICK)
  }
}
