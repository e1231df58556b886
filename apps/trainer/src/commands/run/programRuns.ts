import { registerJob, renameJob } from '@bestmark/db'
import type { Board } from '../../board/board.ts'
import type { ProgressLine } from '../../cli/progressLine.ts'
import type { ErrorReporter } from '../../cli/errorReporter.ts'
import { pause } from '../../pause.ts'
import { endOtherJobs } from '../../recording/replacedRuns.ts'
import { folderId } from '../../recording/folderId.ts'
import { followFiles } from '../../recording/follower.ts'
import { storedJobOf } from '../../recording/jobId.ts'
import { OtherRunError } from '../../recording/journalCursor.ts'
import { resetFilesCursor } from '../../recording/filesCursor.ts'
import type { RecordedRun } from '../../recording/recordedRun.ts'
import { RUN_LOG } from '../../sources/reader/mixedReader.ts'
import { linkCheckpoints } from '../../sources/checkpointLinks.ts'
import { findSources } from '../../sources/sources.ts'
import { type EarlierFiles, randomId } from './earlierFiles.ts'
import { JoinedFolder } from './joinedFolder.ts'
import { type MissingPart, findMissing } from './missing.ts'
import { partName } from './runNames.ts'
import type { WrittenRun, WrittenRuns } from './writtenRuns.ts'

/** How often is looked for runs that the program writes, and how long one look may take (ms). */
const LOOK = 500
const LONGEST_LOOK = 20_000
/** So long (ms) is looked for a run before the job is begun by the program's output alone. */
const GRACE = 3_000
/** A program's run, before anything is known of it on a board. */
export interface ProgramRun {
  root: string
  name: string
  /** A person gave the name, so that it counts for a job that is on the board too. */
  isNamed: boolean
  project: string
  /** Its id where it is a job of its own. */
  job_id: string
  /** What lay in its folder before the program began. */
  earlier: EarlierFiles
  /** Nobody named the folder, so that it only keeps the program's output. */
  isOurs: boolean
  /** The folder was named as that of the weights, so that the program may write its log elsewhere. */
  isWeights: boolean
  cwd: string
}

/** A program that was started. */
export interface Started {
  pid: number
  /** The runs that it writes elsewhere. */
  written: WrittenRuns
}

/** Who hears of a recording. */
export interface RecordingListener {
  errors: ErrorReporter
  line: ProgressLine | undefined
  /** Somebody wishes on the board that the program stops. */
  onStop: () => void
  /** A job is on the board; it `isAnother` than that of the run that lay in the folder before. */
  onJob: (job_id: string, root: string, isAnother: boolean) => void
  /** All is recorded, but something of the run in a folder was not found. */
  onMissing: (lack: MissingPart, root: string) => void
}

/** A run that is recorded. */
interface RunOnBoard {
  run: RecordedRun
  name: string
  /** Where the program itself chose its folder. */
  joined?: JoinedFolder | undefined
  /** Its folder is known by weights alone, beside which its output is the log. */
  isByWeights?: boolean
  /** Aborted where its folder is found to be another one. */
  moved: AbortController
  following?: Promise<void>
}

/** The runs of one program on a board, as far as they were found. */
export class ProgramRuns {
  readonly #board: Board
  readonly #run: ProgramRun
  readonly #keeper: RecordingListener
  readonly #started: Started | undefined
  /** Aborted when the program has ended. */
  readonly #over: AbortSignal
  readonly #began = performance.now()
  #searching: Promise<void> = Promise.resolve()
  /** Runs that were found, and are not recorded yet. */
  readonly #found: WrittenRun[] = []
  #first: RunOnBoard | undefined
  readonly #others: RunOnBoard[] = []

  constructor(
    board: Board,
    {
      run,
      keeper,
      started,
      over,
    }: {
      run: ProgramRun
      keeper: RecordingListener
      started: Started | undefined
      over: AbortSignal
    },
  ) {
    this.#board = board
    this.#run = run
    this.#keeper = keeper
    this.#started = started
    this.#over = over
  }

  /** Puts the first run on the board; until it is known where it lies, and which one it is, that waits. */
  async begin(): Promise<RecordedRun> {
    const { root, earlier, job_id, name, isOurs } = this.#run
    const place = isOurs ? await this.#firstFound() : undefined
    const stored = place
      ? await storedJobOf(this.#board, place)
      : await earlier.jobOf(this.#board, root, this.#over)
    const joined = place && new JoinedFolder(root, place.root, true)
    const named = { job_id: stored ?? job_id, root: place?.root ?? root, name }
    const isAnother = !place && earlier.isRun && !stored
    this.#first = await this.#put(named, joined, isAnother)
    return this.#first.run
  }

  /** Follows the runs while the program works, and looks for further ones. */
  start(): void {
    if (this.#first) this.#follow(this.#first)
    this.#searching = this.#search().catch(this.#keeper.errors.report)
  }

  /** Once the program has ended: all of its runs, with how it ended in their folders. */
  async finish(): Promise<RunOnBoard[]> {
    const { report } = this.#keeper.errors
    await this.#searching
    await this.#joinFound().catch(report)
    for (const { following, joined } of this.#all) {
      await following?.catch(report)
      await joined?.noteEnd()
    }
    return this.#all
  }

  /** Once all is recorded: nobody drives the runs any more. */
  async release(): Promise<void> {
    for (const part of this.#all) {
      const isAlone = this.#run.isOurs && !part.joined && !(await this.#hasLog())
      const lack = isAlone ? 'all' : await findMissing(this.#board.db, part)
      if (lack) this.#keeper.onMissing(lack, part.run.folder)
    }
    for (const { joined } of this.#all) joined?.release()
  }

  get #all(): RunOnBoard[] {
    return [...(this.#first ? [this.#first] : []), ...this.#others]
  }

  /** Whether the program wrote a log of its own to the folder that keeps its output. */
  async #hasLog(): Promise<boolean> {
    return (await findSources(this.#run.root)).some(({ name }) => name !== RUN_LOG)
  }

  #follow(part: RunOnBoard): void {
    if (this.#over.aborted) return
    const until = AbortSignal.any([this.#over, part.moved.signal])
    part.following = this.#record(part, until)
    part.following.catch(() => undefined)
  }

  /** Records a run, and another one where the program begins that in the same folder. */
  async #record(part: RunOnBoard, until: AbortSignal): Promise<void> {
    try {
      await followFiles(this.#board.db, part.run, until, this.#keeper.errors.report)
    } catch (error) {
      if (!(error instanceof OtherRunError)) throw error
      const { folder: root } = part.run
      const named = { job_id: randomId(root), root, name: part.name }
      Object.assign(part, await this.#put(named, part.joined, true))
      await this.#record(part, until)
    }
  }

  /** The run that the program writes, where it does so before long. */
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
    // What is written last is found once the program has ended.
    const until = AbortSignal.timeout(LONGEST_LOOK)
    this.#found.push(...((await this.#started?.written.look(until)) ?? []))
  }

  async #search(): Promise<void> {
    while (!this.#over.aborted) {
      const began = performance.now()
      await this.#joinFound()
      await pause(Math.max(LOOK, 10 * (performance.now() - began)), this.#over)
    }
  }

  /** Records the runs that were found since the last look. */
  async #joinFound(): Promise<void> {
    await this.#look()
    for (let run = this.#found.shift(); run; run = this.#found.shift()) {
      if (this.#run.isWeights && (await this.#isLinked(run))) continue
      const { root, instead_of } = run
      const same = this.#all.find(({ joined }) => joined?.root === instead_of)
      const stored = await storedJobOf(this.#board, run)
      const first = this.#isFirstOpen ? this.#first : undefined
      if (instead_of !== undefined && same) await this.#move(same, root)
      else if (first && !stored) await this.#move(first, root)
      else await this.#join(run, stored)
    }
    await this.#moveToWeights()
  }

  /** Whether a log of the program is read with the weights that a person named: the first that is found. */
  async #isLinked({ root }: WrittenRun): Promise<boolean> {
    return linkCheckpoints(root, this.#run.root).then(
      () => true,
      () => false,
    )
  }

  /** Whether the first run is recorded by its output alone, whose log the program may write elsewhere. */
  get #isFirstOpen(): boolean {
    const first = this.#first
    const isAlone = this.#run.isOurs && this.#others.length === 0
    return first !== undefined && isAlone && (!first.joined || first.isByWeights === true)
  }

  /** What the program prints is the log of the weights that it writes, where it writes no other log. */
  async #moveToWeights(): Promise<void> {
    const first = this.#first
    if (!first || !this.#isFirstOpen) return
    const root = await this.#started?.written.weights()
    if (root === undefined || root === first.run.folder) return
    await this.#move(first, root)
    first.isByWeights = true
  }

  /** A run that was recorded by its output, or a part of its files, is recorded where all of it lies. */
  async #move(part: RunOnBoard, root: string): Promise<void> {
    part.moved.abort()
    await part.following?.catch(() => undefined)
    const { run, name, joined: before } = part
    const isWhole = before?.isWhole ?? true
    const joined = new JoinedFolder(this.#run.root, root, isWhole)
    before?.withdraw()
    await resetFilesCursor(this.#board.db, run.job_id)
    const moved = await this.#put({ job_id: run.job_id, root, name }, joined)
    Object.assign(part, moved, { isByWeights: false })
    this.#follow(part)
  }

  /** A further run of the same program is a job of its own. */
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
    const { project } = this.#run
    await joined?.begin(this.#started?.pid ?? process.pid, { name, project, job_id })
    const job = { job_id, host_id, host, root, name, project, source: RUN_LOG }
    const folder_id = await folderId(root)
    const status = { status: 'starting', is_stoppable: true } as const
    const known = await registerJob(db, { ...job, folder_id, ...status })
    if (this.#run.isNamed && known.name !== name) await renameJob(db, job_id, name)
    this.#keeper.onJob(job_id, root, isAnother)
    await endOtherJobs(db, job)
    const run = { job_id, folder: root, host_id, isStartedHere: true }
    return { run, name, joined, moved: new AbortController() }
  }
}
