import { appendFileSync, closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { readBytesSync, openToAppend, statIfSeen } from '../../files/runFile.ts'
import { pause } from '../../pause.ts'
import { commandLineOptions } from '../../sources/config/commandLine.ts'
import { writeSetupNote } from '../../sources/setup/setupNote.ts'
import { USAGE } from '../../sources/setup/usageFile.ts'
import { type Environment, environmentFromPrograms, environmentOfSystem } from './environment.ts'
import { UsageSampler } from '../../processes/usageSampler.ts'

/** How often the machine is sampled; the first time sooner, so that short programs have a sample (ms). */
const EVERY = 10_000
const FIRST = 1_000
/** How long git and Python may take once the program has ended (ms). */
const PATIENCE = 3_000

/** A program that runs. */
interface Running {
  pid: number
  argv: readonly string[]
  cwd: string
  /** The folder that keeps its output. */
  root: string
}

/**
 * Notes in a run's folder how and where its program runs, and what it uses of the machine meanwhile.
 * All of that is beside the point of a training, so nothing that fails here is an error.
 */
export class Machine {
  readonly #running: Running
  readonly #over = new AbortController()
  readonly #asked: Promise<void>
  /** The size of the samples of programs that ran here before (bytes). */
  readonly #earlier: number
  #environment: Environment

  constructor(running: Running) {
    this.#running = running
    this.#earlier = statIfSeen(this.#usage)?.size ?? 0
    this.#environment = environmentOfSystem(running)
    this.begin()
    this.#asked = this.#ask()
    void this.#sample()
  }

  /** Writes the files, also where the program has made its folder anew. */
  begin(): void {
    leniently(() => closeSync(openToAppend(this.#usage)))
    this.#note()
  }

  /** The samples of earlier programs are of another run. */
  removeEarlierSamples(): void {
    if (this.#earlier === 0) return
    leniently(() => writeFileSync(this.#usage, readBytesSync(this.#usage).subarray(this.#earlier)))
  }

  /** Once the program has ended: waits a little for what is not known yet, unless `hurried`. */
  async end(hurried: AbortSignal): Promise<void> {
    const until = AbortSignal.any([hurried, this.#over.signal])
    await Promise.race([this.#asked, pause(PATIENCE, until)])
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

  async #ask(): Promise<void> {
    const asked = await environmentFromPrograms(this.#running, this.#over.signal)
    if (this.#over.signal.aborted || Object.keys(asked).length === 0) return
    this.#environment = { ...this.#environment, ...asked }
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
    // A new file would be in the way of a program that removes its folder.
    if (statIfSeen(this.#usage)) leniently(() => appendFileSync(this.#usage, `${line}\n`))
  }
}

/** Does what the system may refuse, such as on a full disk. */
function leniently(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}
