import { constants } from 'node:os'
import { basename } from 'node:path'
import { collectGarbage, hostId, HomeUnusable, resolveHome } from '@bestmark/db'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { EXIT, Failure, errorText, systemCode } from '../../failure.ts'
import type { Show } from './keptOutput.ts'
import {
  forgetRunProcess,
  isTrainedElsewhere,
  readRunProcess,
  writeKeptProcess,
} from '../../processes/mark.ts'
import { isAlive } from '../../processes/alive.ts'
import type { ProcessEnd } from '../../processes/spawn.ts'
import { ProgressLine } from '../../cli/progressLine.ts'
import { earlierRunOf } from './earlierRun.ts'
import { EarlierFiles, randomId } from './earlierFiles.ts'
import { earlierOutputText } from './earlierOutput.ts'
import { namedFolders } from './namedPaths.ts'
import { ProgramClaim } from './programClaim.ts'
import { outputFolderOf } from './outputFolder.ts'
import { isAtOrBelow } from '../../files/below.ts'
import { ORDERED_JOB } from '../../recipes/orderedRun.ts'
import { arrayTaskName, ownSlurmJob } from '../../slurm/ownJob.ts'
import { cancelSlurmJob } from '../../slurm/cancel.ts'
import { requeuedJob } from '../../slurm/requeue.ts'
import { startProgram } from './program.ts'
import { writeRunNote } from '../../sources/runNote.ts'
import { notify } from '../../cli/terminal.ts'
import { ErrorReporter } from '../../cli/errorReporter.ts'
import { RUN } from './run.table.ts'
import type { ProgramRun, Recording, RecordingListener, Started } from './programRun.ts'
import { type Destination, ProgramSender } from './programSender.ts'
import { BoardTarget } from '../../outbox/boardTarget.ts'
import { outboxHere } from '../../outbox/outbox.ts'
import { RunFolder } from './runFolder.ts'
import { RunRecorder } from './runRecorder.ts'
import { Machine } from './machine.ts'
import { missingText } from './missing.ts'
import { DEFAULT_PROJECT } from '@bestmark/core'
import { WrittenRuns } from './writtenRuns.ts'
import { PassedSignals } from './signals.ts'

/** How the program is started and stopped. */
interface Order {
  argv: readonly string[]
  /** How long the program may take to stop before it is killed (ms). */
  killAfter: number
  /** The board's data folder. The program writes no run there. */
  home: string
  opened: RunFolder
  /** The board that the run is sent to; undefined if it is recorded into the database. */
  to: Destination | undefined
}

/** After this time a run has begun, and memory is given back (ms). */
const BEGUN = 10_000

const ERRORS = new ErrorReporter((text) => notify(`bestmark: ${text}`))

/**
 * Runs a program and records its output and the files in its folder. If this process is killed, the
 * program continues. Signals are passed to the program. A stop on the board sends SIGTERM, and later
 * SIGKILL. Returns the program's exit code, or 128 + n if signal n ended it.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values, program: argv } = parse(words, RUN)
  const { 'kill-after': killAfter } = values
  const home = await machine()
  const to = values.to === undefined ? undefined : await destinationOf(values.to)
  const slurm = ownSlurmJob()
  const script = basename(argv.find((word) => /\.py$/.test(word)) ?? argv[0] ?? 'run')
  const name = values.name ?? arrayTaskName(slurm, script) ?? script
  const { checkpoints } = values
  const cwd = callerPath('.')
  const chosen = checkpoints ?? values.folder ?? (await outputFolderOf(argv))
  const folder = chosen ?? (await earlierRunOf({ argv, cwd, name: values.name }))
  const opened = await RunFolder.open(home, folder, { name, slurm })
  const { root } = opened
  refuseSecond(root)
  const earlier = await EarlierFiles.in(root)
  const isOurs = folder === undefined
  const requeued = await requeuedJob(root, slurm)
  const job_id = orderedJob() ?? requeued ?? randomId(root)
  const isNamed = values.name !== undefined
  const whose = { isOurs, isWeights: checkpoints !== undefined, cwd }
  const isRequeued = requeued !== undefined
  const run = {
    root,
    name,
    isNamed,
    project: values.project,
    job_id,
    isRequeued,
    earlier,
    ...whose,
  }
  // Other processes must see from the start that the run has a program, and its name.
  writeKeptProcess(root, process.pid)
  note(run, jobAtStart(run))
  // An error in the recording must not end this process before its program. All programs of this
  // process share one listener.
  process.off('uncaughtException', ERRORS.report)
  process.on('uncaughtException', ERRORS.report)
  // What it needed to begin is not needed again.
  const begun = setTimeout(collectGarbage, BEGUN).unref()
  try {
    return await runRecorded(run, { argv, killAfter, home, opened, to })
  } finally {
    clearTimeout(begun)
  }
}

/** The job of the run, null if it is not known yet, and undefined if a recorder finds it. */
function jobAtStart({ earlier, isRequeued, job_id }: ProgramRun): string | null | undefined {
  if (isRequeued) return job_id
  return earlier.isUndecided ? null : earlier.isRun ? undefined : job_id
}

/** The job that the agent gave to this run. The program must not see it: it may start other runs. */
function orderedJob(): string | undefined {
  const job_id = process.env[ORDERED_JOB]
  delete process.env[ORDERED_JOB]
  return job_id
}

/** The board at an address. Throws a Failure before the program starts, if it can be none. */
async function destinationOf(to: string): Promise<Destination> {
  return { target: new BoardTarget(to), ...(await outboxHere()) }
}

/** Writes the run's job to its folder, if it is already known. */
function note(
  { root, name, project = DEFAULT_PROJECT }: ProgramRun,
  job_id: string | null | undefined,
): void {
  try {
    writeRunNote(root, { name, project, ...(job_id !== undefined && { job_id }) })
  } catch (error) {
    // The program has just removed the folder.
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** The board's data folder with the id of this machine. Needs no database. */
async function machine(): Promise<string> {
  const home = resolveHome()
  try {
    await hostId({ home, isShareable: Boolean(process.env['DATABASE_URL']) })
    return home
  } catch (error) {
    throw error instanceof HomeUnusable ? new Failure(error.message, { cause: error }) : error
  }
}

async function runRecorded(
  run: ProgramRun,
  { argv, killAfter, home, opened, to }: Order,
): Promise<number> {
  const { root, job_id, cwd } = run
  const line = process.stderr.isTTY ? new ProgressLine() : undefined
  const shown = { stdout: showOn(process.stdout, line), stderr: showOn(process.stderr, line) }
  let leaveEarlierOut = (): void => undefined
  let onMachine: Machine | undefined = undefined
  let noted = run.earlier.isRun && !run.isRequeued ? null : job_id
  const recorded = new Set<string>()
  const onJob = (id: string, folder: string, isAnother: boolean): void => {
    const isMoved = recorded.has(id)
    recorded.add(id)
    if (isMoved) notify(`bestmark found the files of ${run.name} in ${folder}`)
    else notify(`bestmark records ${run.name} (${id}) in ${folder}`)
    if (folder !== root) return
    noted = id
    note(run, id)
    if (!isAnother) return
    leaveEarlierOut()
    onMachine?.removeEarlierSamples()
  }
  const onMissing: RecordingListener['onMissing'] = (part, folder) => {
    notify(`bestmark: ${missingText(part, { name: run.name, cwd, root: folder })}`)
  }
  const onEarlier: RecordingListener['onEarlier'] = (...seen) =>
    notify(`bestmark: ${earlierOutputText(...seen)}`)
  const onFolderAnew = (): void => {
    note(run, noted)
    onMachine?.begin()
  }
  const started = { job_id, folder: root, slurm: opened.slurm, onFolderAnew }
  const claim = new ProgramClaim(home, {
    named: namedFolders(argv, cwd),
    roots: isAtOrBelow(root, home) ? [] : [root],
  })
  const started_at = Date.now()
  using program = await startProgram(argv, started, cwd, shown).catch(async (cause) => {
    claim.withdraw()
    await opened.restore()
    throw new Failure(`${errorText(cause)}.`, { exit: EXIT.unstarted, cause })
  })
  leaveEarlierOut = program.moveEarlierOutput
  using signals = new PassedSignals(program, killAfter)
  const { pid } = program
  claim.begin(pid)
  onMachine = new Machine({ pid, argv, cwd, root })
  const written = new WrittenRuns({ pid, argv, started_at, cwd, root, claim, data_folder: home })
  const onStop = (): void => void stopProgram(signals, opened)
  const listener = { errors: ERRORS, line, onStop, onJob, onMissing, onEarlier }
  const recording = recordingOf(run, listener, { pid, written }, to)
  const end = await program.exited
  claim.end()
  signals.end()
  line?.end()
  await onMachine.end(signals.hurried)
  await endRecording(recording, root, written, signals.hurried)
  return codeOf(end)
}

function recordingOf(
  run: ProgramRun,
  listener: RecordingListener,
  started: Started,
  to: Destination | undefined,
): Recording {
  return to
    ? new ProgramSender(run, listener, started, to)
    : new RunRecorder(run, listener, started)
}

/** Ends the recording. If it is incomplete, it says how to record the rest. */
async function endRecording(
  recording: Recording,
  root: string,
  written: WrittenRuns,
  hurried: AbortSignal,
): Promise<void> {
  const isWhole = await recording.end(hurried)
  forgetRunProcess(root)
  if (isWhole) return
  await written.look(AbortSignal.timeout(1_000))
  const { folders } = written
  notify(`bestmark: ${recording.leftText(folders)}`)
}

/** Stops a program on behalf of the board: with its Slurm job, if that does nothing else. */
async function stopProgram(signals: PassedSignals, { slurm }: RunFolder): Promise<void> {
  if (slurm?.is_whole_job && (await cancelSlurmJob(slurm.job_id))) return
  await signals.stop('SIGTERM')
}

/**
 * Refuses a second program in a folder, since their outputs would mix. A program of another machine
 * may have been killed there and be continued here, so that is only said.
 */
function refuseSecond(root: string): void {
  const other = readRunProcess(root)
  if (other?.machine && isTrainedElsewhere(root)) {
    const who = `Process ${other.pid} on ${other.machine.hostname}`
    notify(`bestmark: ${who} trained in ${root}. Whether it has ended cannot be seen from here.`)
  }
  if (other && isAlive(other)) {
    const what = `A program already trains in ${root} (process ${other.pid})`
    throw new Failure(`${what}. Wait until it ends, stop it, or name another --folder.`)
  }
}

/** Shows output. A progress line on the same terminal is cleared first. */
function showOn(out: NodeJS.WriteStream, line: ProgressLine | undefined): Show {
  return (bytes) =>
    new Promise((resolve) => {
      if (out.isTTY) line?.clearFor(bytes)
      // If the reader of the output is gone, the program continues.
      out.write(bytes, () => resolve())
    })
}

function codeOf({ code, signal }: ProcessEnd): number {
  return code ?? 128 + (signal ? constants.signals[signal] : EXIT.nothing)
}
