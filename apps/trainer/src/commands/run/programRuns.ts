import { DEFAULT_PROJECT } from '@bestmark/core'
import { deleteContinuation, folderOfJob, registerJob, renameJob } from '@bestmark/db'
import type { Board } from '../../board/board.ts'
import { pause } from '../../pause.ts'
import { endOtherJobs } from '../../recording/replacedRuns.ts'
import { folderId } from '../../recording/folderId.ts'
import { followFiles } from '../../recording/follower.ts'
import { storedJobOf } from '../../recording/jobId.ts'
import { applyNames } from '../../recording/jobNames.ts'
import { OtherRunError } from '../../recording/journalCursor.ts'
import { moveFiles } from '../../recording/filesCursor.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import { writeRunNote } from '../../sources/runNote.ts'
import { linkCheckpoints } from '../../sources/checkpointLinks.ts'
import { findSources } from '../../sources/sources.ts'
import { randomId } from './earlierFiles.ts'
import { earlierOutputOf } from './earlierOutput.ts'
import { JoinedFolder } from './joinedFolder.ts'
import { findMissing } from './missing.ts'
import type { ProgramRun, RecordingListener, Started } from './programRun.ts'
import { partName } from './runNames.ts'
import type { RunOnBoard } from './runOnBoard.ts'
import type { WrittenRun } from './writtenRuns.ts'

/** How often to look for runs of the program, and how long one look may take (ms). */
const LOOK = 500
/** The pause after a look, in times of its duration: before and after the first run is found. */
const REST = { before: 3, after: 10 }
const LONGEST_LOOK = 20_000
/** How long to look for a run before the job starts with the program's output alone (ms). */
const GRACE = 3_000

/** The runs of one program that were found and are recorded. */
export class ProgramRuns {
  readonly #board: Board
  readonly #run: ProgramRun
  readonly #listener: RecordingListener
  readonly #started: Started
  /** Aborted when the program has ended. */
  readonly #over: AbortSignal
  readonly #began = performance.now()
  #searching: Promise<void> = Promise.resolve()
  /** Found runs that are not recorded yet. */
  readonly #found: WrittenRun[] = []
  #first: RunOnBoard | undefined
  readonly #others: RunOnBoard[] = []

  constructor(
    board: Board,
    {
      run,
      listener,
      started,
      over,
    }: {
      run: ProgramRun
      listener: RecordingListener
      started: Started
      over: AbortSignal
    },
  ) {
    this.#board = board
    this.#run = run
    this.#listener = listener
    this.#started = started
    this.#over = over
  }

  /** Puts the first run on the board, once its folder and its job are found. */
  async begin(): Promise<void> {
    const { root, earlier, job_id, name, isOurs, isRequeued } = this.#run
    const found = isOurs ? await this.#firstFound() : undefined
    const stored = found
      ? await storedJobOf(this.#board, found)
      : isRequeued
        ? job_id
        : await earlier.jobOf(this.#board, root, this.#over)
    const joined = found && new JoinedFolder(root, found.root, true)
    const named = { job_id: stored ?? job_id, root: found?.root ?? root, name }
    const isAnother = !found && earlier.isRun && !stored
    this.#first = await this.#put(named, joined, isAnother)
  }

  /** The first run, once it is on the board. */
  get first(): RunOnBoard | undefined {
    return this.#first
  }

  /** Follows the runs while the program works, and looks for more. */
  start(): void {
    if (this.#first) this.#follow(this.#first)
    this.#searching = this.#search().catch(this.#listener.errors.report)
  }

  /** After the program's end: stores the end in the folders of all runs and returns the runs. */
  async finish(): Promise<RunOnBoard[]> {
    const { report } = this.#listener.errors
    await this.#searching
    await this.#joinFound().catch(report)
    for (const { following, joined } of this.#all) {
      await following?.catch(report)
      await joined?.noteEnd()
    }
    return this.#all
  }

  /** After the recording: reports missing parts, and marks that the runs have no program. */
  async release(): Promise<void> {
    for (const part of this.#all) {
      const isAlone = this.#run.isOurs && !part.joined && !(await this.#hasLog())
      const missing = isAlone ? 'all' : await findMissing(this.#board.db, part)
      const { doubtful } = this.#started.written
      const isDoubtful = missing !== 'log' && doubtful.length > 0
      if (missing) this.#listener.onMissing(isDoubtful ? { doubtful } : missing, part.run.folder)
      const earlier = isAlone ? await earlierOutputOf(this.#board.db, part.run) : undefined
      if (earlier) this.#listener.onEarlier(earlier, part.run.job_id)
    }
    for (const { joined } of this.#all) joined?.release()
  }

  get #all(): RunOnBoard[] {
    return [...(this.#first ? [this.#first] : []), ...this.#others]
  }

  /** Whether the program wrote a log to the folder of its output. */
  async #hasLog(): Promise<boolean> {
    return (await findSources(this.#run.root)).some(({ name }) => name !== RUN_LOG)
  }

  #follow(part: RunOnBoard): void {
    if (this.#over.aborted) return
    const until = AbortSignal.any([this.#over, part.moved.signal])
    part.following = this.#record(part, until)
    part.following.catch(() => undefined)
  }

  /** Records a run, and the next one if the program starts a new run in the same folder. */
  async #record(part: RunOnBoard, until: AbortSignal): Promise<void> {
    try {
      await followFiles(this.#board.db, part.run, until, this.#listener.errors.report)
    } catch (error) {
      if (!(error instanceof OtherRunError)) throw error
      const { folder: root } = part.run
      const named = { job_id: randomId(root), root, name: part.name }
      Object.assign(part, await this.#put(named, part.joined, true))
      await this.#record(part, until)
    }
  }

  /** The first run that the program writes; undefined if it writes none within GRACE. */
  async #firstFound(): Promise<WrittenRun | undefined> {
    for (;;) {
      const isLast = this.#over.aborted || performance.now() - this.#began > GRACE
      await this.#look()
      const found = this.#found.shift()
      if (found || isLast) return found
      await pause(LOOK, this.#over)
    }
  }

  async #look(): Promise<void> {
    // The last files are found after the program's end.
    const until = AbortSignal.timeout(LONGEST_LOOK)
    this.#found.push(...(await this.#started.written.look(until)))
  }

  async #search(): Promise<void> {
    while (!this.#over.aborted) {
      const began = performance.now()
      await this.#joinFound()
      const rest = this.#isFirstOpen ? REST.before : REST.after
      await pause(Math.max(LOOK, rest * (performance.now() - began)), this.#over)
    }
  }

  /** Records new runs. */
  async #joinFound(): Promise<void> {
    await this.#look()
    for (let run = this.#found.shift(); run; run = this.#found.shift()) {
      if (this.#run.isWeights && (await this.#isLinked(run))) continue
      const { root, instead_of } = run
      const same = this.#all.find(({ joined }) => joined?.root === instead_of)
      const stored = await storedJobOf(this.#board, run)
      const first = this.#isFirstOpen ? this.#first : undefined
      if (instead_of !== undefined && same) await this.#move(same, root)
      else if (first && stored !== undefined) await this.#continue(first, root, stored)
      else if (first) await this.#move(first, root)
      else await this.#join(run, stored)
    }
    await this.#moveToWeights()
  }

  /** Links the weights of --checkpoints to the first log of the program; returns whether it did. */
  async #isLinked({ root }: WrittenRun): Promise<boolean> {
    return linkCheckpoints(root, this.#run.root).then(
      () => true,
      () => false,
    )
  }

  /** Whether the first run has only the program's output, so that its log may still be found. */
  get #isFirstOpen(): boolean {
    const first = this.#first
    const isAlone = this.#run.isOurs && this.#others.length === 0
    return first !== undefined && isAlone && (!first.joined || first.isByWeights === true)
  }

  /** Joins the output with the weights of the program, if it writes no other log. */
  async #moveToWeights(): Promise<void> {
    const first = this.#first
    if (!first || !this.#isFirstOpen) return
    const root = await this.#started.written.weights(this.#over.aborted)
    if (root === undefined || root === first.run.folder) return
    await this.#move(first, root)
    first.isByWeights = true
  }

  /** Records a run again in the folder that has all its files. */
  async #move(part: RunOnBoard, root: string): Promise<void> {
    part.moved.abort()
    await part.following?.catch(() => undefined)
    const { run, name, joined: before } = part
    const isWhole = before?.isWhole ?? true
    const joined = new JoinedFolder(this.#run.root, root, isWhole)
    await this.#beginIn(joined, { name, job_id: run.job_id })
    await moveFiles(this.#board.db, { job_id: run.job_id, folder: root })
    before?.withdraw()
    const moved = await this.#put({ job_id: run.job_id, root, name }, joined)
    Object.assign(part, moved, { isByWeights: false })
    this.#follow(part)
  }

  /** Records the first run in its stored job. The job that the program began with is deleted. */
  async #continue(first: RunOnBoard, root: string, job_id: string): Promise<void> {
    const { run, name, joined: before, moved } = first
    moved.abort()
    await first.following?.catch(() => undefined)
    const joined = new JoinedFolder(this.#run.root, root, before?.isWhole ?? true)
    Object.assign(first, await this.#put({ job_id, root, name }, joined), { isByWeights: false })
    before?.withdraw()
    writeRunNote(this.#run.root, { name, project: this.#project, job_id })
    await deleteContinuation(this.#board.db, run.job_id, job_id)
    this.#follow(first)
  }

  /** Records one more run of the program as a new job. */
  async #join({ root }: WrittenRun, stored: string | undefined): Promise<void> {
    const { name, cwd } = this.#run
    const first = this.#first
    if (first?.joined && this.#others.length === 0) {
      first.name = partName(name, cwd, first.joined.root)
      await first.joined.shareOutput()
      await renameJob(this.#board.db, first.run.job_id, first.name)
    }
    const joined = new JoinedFolder(this.#run.root, root, false)
    const named = { job_id: stored ?? randomId(root), root, name: partName(name, cwd, root) }
    const part = await this.#put(named, joined)
    this.#others.push(part)
    this.#follow(part)
  }

  async #put(
    { job_id, root, name }: { job_id: string; root: string; name: string },
    joined?: JoinedFolder,
    isAnother = false,
  ): Promise<RunOnBoard> {
    const { db, host_id, host } = this.#board
    const { project: wanted, isNamed } = this.#run
    const project = this.#project
    if (joined) await this.#beginIn(joined, { name, job_id })
    // The stored history is compared by the source that read it.
    const known = await folderOfJob(db, job_id)
    const source = known?.root === root ? known.source : RUN_LOG
    const job = { job_id, host_id, host, root, name, project, source }
    const folder_id = await folderId(root)
    const status = { status: 'starting', is_stoppable: true } as const
    const stored = await registerJob(db, { ...job, folder_id, ...status, restore: true })
    const names = { name: isNamed ? name : undefined, project: wanted }
    const { refusal } = await applyNames(db, stored, names)
    if (refusal !== undefined) this.#listener.errors.reportFor(name, refusal)
    this.#listener.onJob(job_id, root, isAnother)
    await endOtherJobs(db, job)
    const run = { job_id, folder: root, host_id, isStartedHere: true }
    return { run, name, joined, moved: new AbortController() }
  }

  /** Puts the marks of the program into the folder that it chose. */
  async #beginIn(joined: JoinedFolder, named: { name: string; job_id: string }): Promise<void> {
    await joined.begin(this.#started.pid, { ...named, project: this.#project })
  }

  get #project(): string {
    return this.#run.project ?? DEFAULT_PROJECT
  }
}
