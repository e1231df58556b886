import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_PROJECT, shellWord } from '@bestmark/core'
import { notify } from '../../cli/terminal.ts'
import { Failure } from '../../failure.ts'
import type { BoardTarget } from '../../outbox/boardTarget.ts'
import { type Outbox, spooledJob, spoolFile } from '../../outbox/outbox.ts'
import { Sending } from '../../outbox/sending.ts'
import { SpoolRecorder } from '../../outbox/spoolRecorder.ts'
import { pause } from '../../pause.ts'
import { linkCheckpoints } from '../../sources/checkpointLinks.ts'
import { randomId } from './earlierFiles.ts'
import { JoinedFolder } from './joinedFolder.ts'
import type { ProgramRun, Recording, RecordingListener, Started } from './programRun.ts'
import { partName } from './runNames.ts'
import type { WrittenRun } from './writtenRuns.ts'

/** How often the files are read, and how long a look for new runs may take (ms). */
const READ_EVERY = 1_000
const LONGEST_LOOK = 20_000
/** How long to look for a run before the job starts with the program's output alone (ms). */
const GRACE = 3_000
/** How long a board that answers may take after the program's end (ms). */
const PATIENCE = 60_000

/** Where the run of a program is sent. */
export interface Destination extends Outbox {
  target: BoardTarget
}

/** A run of the program that is read into the outbox. */
interface SentPart {
  name: string
  root: string
  recorder: SpoolRecorder
  joined: JoinedFolder | undefined
  /** The folder was found by its weights. */
  isByWeights: boolean
}

/**
 * Reads the runs of a program into the outbox of the host and sends them to a board. What the board
 * does not have at the end stays there. Its errors never reach the program.
 */
export class ProgramSender implements Recording {
  readonly #run: ProgramRun
  readonly #listener: RecordingListener
  readonly #started: Started
  readonly #to: Destination
  readonly #sending: Sending
  readonly #parts: SentPart[] = []
  readonly #began = performance.now()
  /** Aborted when the program has ended. */
  readonly #over = new AbortController()
  readonly #reading: Promise<void>
  readonly #sent: Promise<void>

  constructor(run: ProgramRun, listener: RecordingListener, started: Started, to: Destination) {
    this.#run = run
    this.#listener = listener
    this.#started = started
    this.#to = to
    const message = (text: string): void => notify(`bestmark: ${text}`)
    this.#sending = new Sending(to.target, { message, onState: () => undefined })
    this.#reading = this.#read()
    this.#sent = this.#sending.work(this.#over.signal).catch(listener.errors.report)
  }

  async end(hurried: AbortSignal): Promise<boolean> {
    this.#over.abort()
    await Promise.all([this.#reading, this.#sent])
    await this.#pass(true)
    const until = AbortSignal.any([hurried, AbortSignal.timeout(PATIENCE)])
    await this.#sending.finish(1, until).catch(this.#listener.errors.report)
    for (const { joined } of this.#parts) joined?.release()
    const { refused, waiting } = this.#sending.left
    return refused + waiting === 0
  }

  leftText(): string {
    const { address } = this.#to.target
    const what = `Not all of the run is on ${address} yet; the rest stays in ${this.#to.outbox}`
    const words = this.#parts.map(({ root }) => shellWord(root)).join(' ')
    const home = process.env['BESTMARK_HOME']
    const set = home ? `BESTMARK_HOME=${shellWord(home)} ` : ''
    return `${what}. Send it later: ${set}bestmark watch ${words} --to ${shellWord(address)} --once`
  }

  async #read(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const began = performance.now()
      await this.#pass(false)
      const rest = 3 * (performance.now() - began)
      await pause(Math.max(READ_EVERY, rest), this.#over.signal)
    }
  }

  /** Looks for runs, and reads what is new of each. */
  async #pass(isOver: boolean): Promise<void> {
    const { report } = this.#listener.errors
    await this.#find(isOver).catch(report)
    for (const { recorder, joined } of this.#parts) {
      try {
        if (isOver) await joined?.noteEnd()
        while (await recorder.record(isOver));
      } catch (error) {
        report(error)
      }
    }
  }

  async #find(isOver: boolean): Promise<void> {
    const { root, name, isOurs, isWeights } = this.#run
    for (const found of await this.#started.written.look(AbortSignal.timeout(LONGEST_LOOK))) {
      if (!(isWeights && (await this.#isLinked(found.root)))) await this.#take(found)
    }
    const isWaiting = isOurs && !isOver && performance.now() - this.#began < GRACE
    if (this.#parts.length === 0 && !isWaiting) this.#put({ root, name, job_id: this.#jobAt(root) })
    const first = this.#parts[0]
    if (!first || !this.#isFirstOpen) return
    const weights = await this.#started.written.weights(isOver)
    if (weights === undefined || weights === first.root) return
    await this.#move(first, weights)
    first.isByWeights = true
  }

  /** Links the weights of --checkpoints to a log of the program; returns whether it did. */
  async #isLinked(root: string): Promise<boolean> {
    return linkCheckpoints(root, this.#run.root).then(
      () => true,
      () => false,
    )
  }

  /** Whether the first run has only the program's output, so that its log may still be found. */
  get #isFirstOpen(): boolean {
    const [first, ...others] = this.#parts
    const isAlone = this.#run.isOurs && others.length === 0
    return first !== undefined && isAlone && (!first.joined || first.isByWeights)
  }

  /** Takes a run that the program writes to a folder of its own. */
  async #take({ root, instead_of }: WrittenRun): Promise<void> {
    const { name, cwd, isOurs } = this.#run
    const same = this.#parts.find((part) => part.root === instead_of)
    const moved = same ?? (this.#isFirstOpen ? this.#parts[0] : undefined)
    if (moved) return this.#move(moved, root)
    const isFirst = this.#parts.length === 0 && isOurs
    const joined = new JoinedFolder(this.#run.root, root, isFirst)
    const job_id = isFirst ? this.#jobAt(root) : (this.#spooledAt(root) ?? randomId(root))
    const named = isFirst ? name : partName(name, cwd, root)
    await this.#begin(joined, named, job_id)
    if (!isFirst) await this.#parts[0]?.joined?.shareOutput()
    this.#put({ root, name: named, job_id }, joined)
  }

  /** Reads a run again in the folder that has all its files. */
  async #move(part: SentPart, root: string): Promise<void> {
    const { job_id } = part.recorder.spool.state
    const before = part.joined
    const joined = new JoinedFolder(this.#run.root, root, before?.isWhole ?? true)
    const to = this.#spooledAt(root) ?? job_id
    await this.#begin(joined, part.name, to)
    before?.withdraw()
    this.#parts.splice(this.#parts.indexOf(part), 1)
    this.#sending.remove(job_id)
    // The journal begins again, and replaces what the board has of it.
    if (to === job_id) rmSync(join(this.#to.outbox, job_id), { recursive: true, force: true })
    const moved = this.#put({ root, name: part.name, job_id: to }, joined)
    Object.assign(part, moved)
    this.#parts.splice(this.#parts.indexOf(moved), 1, part)
  }

  #put(
    { root, name, job_id }: { root: string; name: string; job_id: string },
    joined?: JoinedFolder,
  ): SentPart {
    const { project = '' } = this.#run
    const onNotice = (text: string): void =>
      this.#listener.errors.reportFor(name, new Failure(text))
    const run = { root, name, project, source: '', job_id }
    const recorder = SpoolRecorder.open(run, this.#to, onNotice)
    const part = { name, root, recorder, joined, isByWeights: false }
    const { spool } = recorder
    this.#sending.add(spool.state.job_id, name, () => spoolFile(spool))
    this.#parts.push(part)
    this.#listener.onJob(spool.state.job_id, root, false)
    return part
  }

  /** Puts the marks of the program into the folder that it chose. */
  async #begin(joined: JoinedFolder, name: string, job_id: string): Promise<void> {
    const { project = DEFAULT_PROJECT } = this.#run
    await joined.begin(this.#started.pid, { name, job_id, project })
  }

  /** The job of the program's first run: that of an earlier part of it, if this host sent one. */
  #jobAt(root: string): string {
    return this.#spooledAt(root) ?? this.#run.job_id
  }

  #spooledAt(root: string): string | undefined {
    return spooledJob(this.#to.outbox, root)
  }
}
