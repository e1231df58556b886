import { readFileSync } from 'node:fs'
import { printLine } from './figures.ts'

/** How often memory is sampled (ms). */
const LOOK = 100
/** The second half of a run may take this much more memory than the first; beyond it, memory grows. */
const FLAT = 1.1

/** The peak memory in the first half of the time, and in the second (bytes). */
export type Peaks = [early: number, late: number]

/** Samples the memory of a process: this one, or another process of this machine by its id. */
export class Memory {
  readonly #pid: number | undefined
  readonly #seen: number[] = []
  readonly #timer = setInterval(() => this.#seen.push(this.#held()), LOOK)

  constructor(pid?: number) {
    this.#pid = pid
  }

  end(): Peaks {
    clearInterval(this.#timer)
    const half = this.#seen.length >> 1
    return [Math.max(...this.#seen.slice(0, half)), Math.max(...this.#seen.slice(half))]
  }

  #held(): number {
    if (this.#pid === undefined) return process.memoryUsage.rss()
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
    return 1_024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  }
}

/** Says whether memory stayed flat; if not, the benchmark ends with exit code 1. */
export function mustBeFlat([early, late]: Peaks, whose = 'recorder'): void {
  const isFlat = late / early <= FLAT
  if (!isFlat) process.exitCode = 1
  const [first, second] = [early, late].map((bytes) => Math.round(bytes / 1e6))
  printLine(
    `  memory of the ${whose}: ${first} MB at most in the first half, ${second} MB in the second: ${(late / early).toFixed(2)} times, ${isFlat ? 'flat' : `NOT flat (more than ${FLAT})`}`,
  )
}
