import { appendFileSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { readBytesSync, openToAppend, statIfSeen } from '../../files/runFile.ts'
import { pause } from '../../pause.ts'
import { commandLineOptions } from '../../sources/config/commandLine.ts'
import { writeSetupNote } from '../../sources/config/setupNote.ts'
import { USAGE } from '../../sources/setup/usageFile.ts'
import { type Environment, environmentFromPrograms, environmentOfSystem } from './environment.ts'
import { UsageSampler } from '../../processes/usageSampler.ts'

/** How often the machine is sampled (ms). The first sample is early, so that short programs have one. */
const EVERY = 10_000
const FIRST = 1_000
/** How long to wait for git and Python after the program has ended (ms). */
const PATIENCE = 3_000

/** A running program. */
interface Running {
  pid: number
  argv: readonly string[]
  cwd: string
  /** The folder of its output. */
  root: string
}

/**
 * Writes the setup of a program and the usage of the machine to the run's folder. The training does
 * not depend on it, so failures are ignored.
 */
export class Machine {
  readonly #running: Running
  readonly #over = new AbortController()
  readonly #collected: Promise<void>
  /** The size of the samples of earlier programs (bytes). */
  readonly #earlier: number
  #environment: Environment

  constructor(running: Running) {
    this.#running = running
    this.#earlier = statIfSeen(this.#usage)?.size ?? 0
    this.#environment = environmentOfSystem(running)
    this.begin()
    this.#collected = this.#collect()
    void this.#sample()
  }

  /** Writes the files. Called again if the program has made a new folder. */
  begin(): void {
    leniently(() => closeSync(openToAppend(this.#usage)))
    this.#note()
  }

  /** Removes the samples of earlier programs, which belong to another run. */
  removeEarlierSamples(): void {
    if (this.#earlier === 0) return
    leniently(() => writeFileSync(this.#usage, readBytesSync(this.#usage).subarray(this.#earlier)))
  }

  /** After the program's end: waits a little for git and Python, unless `hurried`. */
  async end(hurried: AbortSignal): Promise<void> {
    const until = AbortSignal.any([hurried, this.#over.signal])
    await Promise.race([this.#collected, pause(PATIENCE, until)])
    this.#over.abort()
  }

  get #usage(): string {
    return join(this.#running.root, USAGE)
  }

  #note(): void {
    const config = commandLineOptions(this.#running.argv)
    const environment = this.#environment
    leniently(() => writeSetupNote(this.#running.root, { config, environment }))
  }

  async #collect(): Promise<void> {
    const more = await environmentFromPrograms(this.#running, this.#over.signal)
    if (this.#over.signal.aborted || Object.keys(more).length === 0) return
    this.#environment = { ...this.#environment, ...more }
    this.#note()
  }

  async #sample(): Promise<void> {
    const sampler = new UsageSampler(this.#running.pid)
    const { signal } = this.#over
    for (let wait = FIRST; !signal.aborted; wait = EVERY) {
      await pause(wait, signal)
      const used = signal.aborted ? {} : await sampler.sample()
      if (Object.keys(used).length > 0) this.#append(JSON.stringify({ at: Date.now(), used }))
    }
  }

  #append(line: string): void {
    // A new file could disturb a program that removes its folder.
    if (statIfSeen(this.#usage)) leniently(() => appendFileSync(this.#usage, `${line}\n`))
  }
}

/** Ignores errors of the system, such as a full disk. */
function leniently(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
