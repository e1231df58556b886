import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often a process looks whether it is idle (ms). */
const LOOK = 20_000
/** A process is idle if it computes less than this share of the time. */
const IDLE = 0.05
/** So much more memory than after the last time is worth the work (bytes). */
const WORTH = 10e6

/**
 * Gives memory back while the process is idle. Node collects garbage only when it needs more memory, so
 * after a busy time an idle process would keep twice of what it needs. The work takes about 50 ms. Ends when the
 * returned function is called.
 */
export function releaseMemoryWhenIdle(): () => void {
  let cpu = process.cpuUsage()
  let least = 0
  const look = (): void => {
    const { user, system } = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    const isIdle = (user + system) / 1_000 < IDLE * LOOK
    if (!isIdle || process.memoryUsage.rss() < least + WORTH) return
    collectGarbage()
    least = process.memoryUsage.rss()
    cpu = process.cpuUsage()
  }
  const looking = setInterval(look, LOOK).unref()
  return () => clearInterval(looking)
}

/** Frees what nothing refers to. Node has no function for this; V8 gives it to a context that is made while the flag is set. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
