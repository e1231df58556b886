import { join } from 'node:path'
import type { JournalHeader, TrainingEvent } from '@bestmark/core'
import { uuidv5 } from '@bestmark/db'
import { statIfSeen } from '../files/runFile.ts'
import { claimRun } from '../processes/runClaim.ts'
import { addTimes, shiftAttempts } from '../recording/attemptShift.ts'
import { nextPiece } from '../recording/piece.ts'
import { stateOf, watchedFiles } from '../recording/runFiles.ts'
import { endedEvent, readerWarnings } from '../sources/events/newEvents.ts'
import type { RunIdentity } from '../sources/identity.ts'
import type { Piece, SourceReader } from '../sources/reader/source.ts'
import { attachScores } from '../sources/scores/runScores.ts'
import { scoreEvents } from '../sources/scores/scoreEvents.ts'
import { readScores, scoresSize } from '../sources/scores/scoresFile.ts'
import { findSources, openRun } from '../sources/sources.ts'
import { changeOf, shorterNote } from './newHistory.ts'
import { SeenCheckpoints } from './seenCheckpoints.ts'
import { sampleBases } from '../samples/sampleFolders.ts'
import { samplePaths } from './keptSamples.ts'
import { SeenSamples } from './seenSamples.ts'
import { Spool, type SpoolChange } from './spool.ts'

/** How often the sources of a run are searched again (ms). */
const SEARCH_EVERY = 30_000

/** A run that is read into a spool. */
export interface SpooledRun extends Pick<RunIdentity, 'root' | 'name' | 'project' | 'source'> {
  /** The job that `bestmark run` noted, or that of the run's journal; null if it has none. */
  job_id: string | null
}

/** Another process of this machine sends the run. */
class SentByAnother extends Error {
  override readonly name = 'SentByAnother'
}

/**
 * Reads a run's files into a spool, as a recorder reads them into a database. Events are appended with
 * the reader's cursor, so each is in the journal once, also after a kill.
 */
export class SpoolRecorder {
  readonly #run: SpooledRun
  #spool: Spool
  #reader: SourceReader | undefined
  #sources: Awaited<ReturnType<typeof findSources>> = []
  #watched: string[] = []
  #searchedAt = -Infinity
  #readState: string | undefined
  #isLive = false
  /** The attempt of the last event. */
  #attempt = 0
  #checkpoints: SeenCheckpoints
  #samples: SeenSamples
  /** Samples whose files are not copied yet. */
  #unkept: string[] = []
  readonly #onNotice: (text: string) => void

  private constructor(run: SpooledRun, spool: Spool, onNotice: (text: string) => void) {
    this.#run = run
    this.#spool = spool
    this.#onNotice = onNotice
    this.#checkpoints = new SeenCheckpoints(run.root)
    this.#samples = new SeenSamples(run.root)
    this.#know(spool.events())
  }

  /** The recorder of a run, with its spool below `outbox`. Throws SentByAnother. */
  static open(
    run: SpooledRun,
    { outbox, host_id }: { outbox: string; host_id: string },
    onNotice: (text: string) => void = () => undefined,
  ): SpoolRecorder {
    for (let count = run.job_id === null ? 0 : -1; ; count++) {
      const again = count > 0 ? ` ${count}` : ''
      const job_id =
        count < 0 && run.job_id !== null ? run.job_id : uuidv5(host_id, run.root + again)
      const folder = join(outbox, job_id)
      const spool = Spool.open(folder) ?? Spool.begin(folder, run.root, headerOf(run, job_id))
      if (spool.state.is_replaced) continue
      if (claimRun(folder, 0)) {
        throw new SentByAnother(`Another process of this machine sends ${run.root}.`)
      }
      return new SpoolRecorder(run, spool, onNotice)
    }
  }

  get spool(): Spool {
    return this.#spool
  }

  /** Paths of the checkpoints that were read. */
  get checkpoints(): string[] {
    return this.#checkpoints.paths
  }

  /**
   * Reads the next piece; returns whether there may be more. `isOver` says that the run has ended: then
   * a last line without its newline counts. Throws if the files cannot be read.
   */
  async record(isOver: boolean): Promise<boolean> {
    if (this.#spool.state.is_replaced) return false
    await this.#search(isOver)
    const state = `${isOver} ${stateOf(this.#run.root, this.#watched)}`
    if (state === this.#readState || this.#sources.length === 0) return this.#addFiles(isOver)
    if (await this.#readNext(isOver)) return true
    this.#isLive = true
    this.#readState = state
    return (await this.#addScores()) || this.#addFiles(isOver)
  }

  async #search(isOver: boolean): Promise<void> {
    if (performance.now() - this.#searchedAt < SEARCH_EVERY && !isOver) return
    this.#searchedAt = performance.now()
    const found = await findSources(this.#run.root)
    // A folder that is unreachable for a moment changes nothing.
    if (found.length === 0) return
    this.#watched = await watchedFiles(this.#run.root, found)
    if (namesOf(found) !== namesOf(this.#sources)) this.#reader = undefined
    this.#sources = found
  }

  /** Appends the next events of the log; returns whether there were any. */
  async #readNext(isOver: boolean): Promise<boolean> {
    const { cursor, counting } = this.#spool.state
    const reader = this.#readerAt(cursor, isOver)
    const piece = await nextPiece(reader, cursor ?? '')
    if (piece.cursor === (cursor ?? '')) {
      this.#reader = isOver ? undefined : reader
      return false
    }
    const sources = namesOf(this.#sources)
    if (piece.replace && cursor !== null) {
      const { events, cursor: end } = await wholeOf(reader, piece)
      this.#replace(events, { cursor: end, sources })
    } else {
      const events = shiftAttempts(piece.events, counting)
      this.#append(this.#isLive ? addTimes(events) : events, { cursor: piece.cursor, sources })
    }
    this.#reader = isOver || !piece.isWhole ? undefined : reader
    return true
  }

  #readerAt(cursor: string | null, isOver: boolean): SourceReader {
    const kept = isOver ? undefined : this.#reader
    this.#reader = undefined
    return kept ?? openRun(this.#sources, { root: this.#run.root, cursor, isOver })
  }

  /** Takes a history that was written anew. */
  #replace(now: TrainingEvent[], to: SpoolChange): void {
    const { base, counting, sources, is_shorter } = this.#spool.state
    const before = this.#spool.events(base)
    const isReadAnew = sources !== to.sources
    const change = changeOf({ before, now, counting, isReadAnew })
    if (change.kind === 'another') return this.#endReplaced()
    if (change.kind === 'rewrite') {
      const scores = before.filter(isScore)
      this.#spool.rewrite(base, [...change.events, ...scores], to)
      return this.#note(change.events)
    }
    if (change.kind === 'further') {
      const { bytes } = this.#spool.state
      return this.#append(change.events, { ...to, base: bytes, counting: change.counting })
    }
    const isNoted = change.kind === 'shorter' && !is_shorter
    const note = isNoted ? [shorterNote(before, now)] : []
    const live = this.#isLive ? addTimes(change.events) : change.events
    this.#append([...live, ...note], { ...to, is_shorter: is_shorter || isNoted })
  }

  /** Another run began in the folder. It gets a job of its own, and this one ends. */
  #endReplaced(): void {
    const at = Date.now()
    const attempt = this.#attempt
    const why = `Another run began in its folder at ${new Date(at).toISOString()}.`
    this.#append([{ ...endedEvent(attempt, 'stopped', why), at }], { is_replaced: true })
    this.#onNotice(`Another run began in ${this.#run.root}. It is sent as a separate job.`)
  }

  /** Adds scores that were measured after training, once their checkpoints are there. */
  async #addScores(): Promise<boolean> {
    const { root } = this.#run
    const size = scoresSize(root)
    if (size === this.#spool.state.scores || Number.isNaN(size)) return false
    const read = readScores(root)
    const before = this.#spool.events()
    const source = this.#sources[0]?.name ?? ''
    const attached = await attachScores({ root, source, events: before }, read.scores)
    const events = scoreEvents(attached, read, this.#attempt)
    const change = { scores: size }
    // Scores may be retracted, so all of them are written again if there were any.
    if (!before.some(isScore)) this.#append(events, change)
    else {
      const { base } = this.#spool.state
      const own = this.#spool.events(base).filter((one) => !isScore(one))
      this.#spool.rewrite(base, [...own, ...events], change)
    }
    return true
  }

  /** Adds changed files of checkpoints and new samples. */
  async #addFiles(isOver: boolean): Promise<boolean> {
    const isThere = statIfSeen(this.#run.root) !== undefined
    if (!isThere) return false
    await this.#keepSamples()
    const source = this.#sources[0]?.name ?? ''
    const files = await this.#checkpoints.changes(source, isOver)
    const samples = await this.#samples.news(this.checkpoints, this.#attempt)
    if (files.length + samples.length === 0) return false
    this.#append([...files, ...samples], {})
    return true
  }

  /** Copies new files of samples, because the program may remove them before they are sent. */
  async #keepSamples(): Promise<void> {
    const { root } = this.#run
    const { kept, state } = this.#spool
    const bases = sampleBases(root, this.checkpoints)
    const waiting: string[] = []
    for (const path of this.#unkept) {
      if (!(await kept.keep(state.job_id, root, path, bases))) waiting.push(path)
    }
    this.#unkept = waiting
  }

  #append(events: readonly TrainingEvent[], change: SpoolChange): void {
    this.#spool.append(events, change)
    // What was there before this process is in the run's folder for long.
    if (this.#isLive) this.#unkept.push(...samplePaths(events))
    this.#note(events)
  }

  #note(events: readonly TrainingEvent[]): void {
    this.#know(events)
    for (const text of readerWarnings(events)) this.#onNotice(text)
  }

  #know(events: readonly TrainingEvent[]): void {
    this.#attempt = events.reduce((last, one) => Math.max(last, one.attempt), this.#attempt)
    this.#checkpoints.note(events)
    this.#samples.note(events)
  }
}

function headerOf({ name, project }: SpooledRun, job_id: string): JournalHeader {
  return { journal: 1, job_id, name, project, recipe: null }
}

function namesOf(sources: readonly { name: string }[]): string {
  return sources.map(({ name }) => name).join()
}

function isScore(event: TrainingEvent): boolean {
  return event.type === 'evaluation' && event.scored_by !== null
}

/** A whole history, from its first piece on. */
async function wholeOf(reader: SourceReader, first: Piece) {
  let [events, cursor] = [first.events, first.cursor]
  for (;;) {
    const piece = await nextPiece(reader, cursor)
    if (piece.cursor === cursor) return { events, cursor }
    events = piece.replace ? piece.events : events.concat(piece.events)
    cursor = piece.cursor
  }
}
