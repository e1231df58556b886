import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  isFiniteMeasure,
  pathStep,
  readMeasured,
  TrainingEvent,
  type EventOf,
  type Measured,
} from '@bestmark/core'
import { Failure, systemCode } from '../failure.ts'
import { inspectCheckpoint, type FilesSeen } from '../integrity.ts'
import { branches, type Branch, type StateFile } from './branches.ts'
import { isCount, readTrainerState, type LogEntry, type TrainerState } from './trainerState.ts'
import type { ReadRun } from './run.ts'

const STATE = 'trainer_state.json'
const CHECKPOINT = /^checkpoint-(\d{1,15})$/
/** Checkpoints looked at together; each may hold a few files open. */
const TOGETHER = 16
/** What the Trainer's closing row sums up; it is not of a step. */
const SUMMARY = /^(train_|total_flos$|epoch$|step$)/

/** Codes that tell of a file; any other, such as too many open files, tells nothing of it. */
const OF_THE_FILE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP'])

interface CheckpointFolder {
  name: string
  step: number
  files: FilesSeen
  state: TrainerState | null
}

/** Reads one state file, which tells of evaluations but of no checkpoints. Throws a Failure. */
export async function readStateFile(path: string): Promise<ReadRun> {
  const states = [{ folder: '', state: await readTrainerState(path) }]
  return { ...run(dirname(path), states, []), isSingleFile: true }
}

/**
 * Reads what the HuggingFace Trainer left in an output folder: its root state and those of its
 * `checkpoint-N` folders. Throws a Failure where nothing of the kind is there or can be read.
 */
export async function readHuggingFace(path: string): Promise<ReadRun> {
  const folders = await checkpointFolders(path)
  const root = await rootState(path)
  const states = folders.flatMap(({ name, state }) => (state ? [{ folder: name, state }] : []))
  if (root) states.unshift({ folder: '', state: root })
  if (states.length === 0) throw new Failure(unreadable(path, folders))
  return run(path, states, folders)
}

function unreadable(path: string, folders: readonly CheckpointFolder[]): string {
  const [first] = folders
  return first
    ? `${path} has no ${STATE} that can be read: ${first.name}: ${first.files.files_why ?? 'none'}`
    : `${path} is no training output: it has neither ${STATE} nor checkpoint-N folders`
}

async function rootState(path: string): Promise<TrainerState | undefined> {
  const names = await readdir(path)
  return names.includes(STATE) ? readTrainerState(join(path, STATE)) : undefined
}

async function checkpointFolders(path: string): Promise<CheckpointFolder[]> {
  const names = (await readdir(path)).filter((name) => CHECKPOINT.test(name))
  const folders: CheckpointFolder[] = []
  for (let from = 0; from < names.length; from += TOGETHER) {
    const some = names.slice(from, from + TOGETHER)
    folders.push(...(await Promise.all(some.map((name) => checkpointFolder(path, name)))))
  }
  return folders.sort((a, b) => a.step - b.step)
}

async function checkpointFolder(root: string, name: string): Promise<CheckpointFolder> {
  const step = Number(CHECKPOINT.exec(name)?.[1])
  const files = await inspectCheckpoint(root, name, STATE)
  try {
    return { name, step, files, state: await readTrainerState(join(root, name, STATE)) }
  } catch (error) {
    const code = systemCode(error)
    const isOfTheFile = error instanceof Failure && (code === undefined || OF_THE_FILE.has(code))
    if (!isOfTheFile) throw error
    if (files.files_state !== 'complete') return { name, step, files, state: null }
    const files_why = `its ${STATE} cannot be read`
    return { name, step, files: { ...files, files_state: 'broken', files_why }, state: null }
  }
}

function run(root: string, states: StateFile[], folders: readonly CheckpointFolder[]): ReadRun {
  const attempts = branches(states)
  const events = attempts.flatMap((branch, attempt) =>
    attemptEvents(branch, attempt, folders, attempt === attempts.length - 1),
  )
  const parsed = events.map((event) => TrainingEvent.parse(event))
  const identity = { job_id: null, name: basename(root), project: 'imported', isSingleFile: false }
  return { root, source: 'huggingface', ...identity, events: parsed }
}

function attemptEvents(
  branch: Branch,
  attempt: number,
  folders: readonly CheckpointFolder[],
  isLast: boolean,
): object[] {
  const { state, folder } = branch.longest
  const file = join(folder, STATE)
  const entries = state.log_history.slice(branch.shared)
  const written = new Set(branch.members.map((member) => member.folder))
  const saved = folders.filter(({ name, state }) => (state ? written.has(name) : isLast))
  return [
    started(branch, attempt),
    ...entries.flatMap((entry) => entryEvents(entry, attempt, file)),
    ...saved.map((found) => checkpointEvent(found, attempt)),
    ...(isLast ? claimEvents(state, attempt, file) : []),
    ...leftOutEvents(state, attempt, file),
    ended(state, attempt, folder === ''),
  ]
}

function started({ longest, shared }: Branch, attempt: number): object {
  const { max_steps, num_train_epochs, save_steps, log_history } = longest.state
  const last = log_history[shared - 1]
  return {
    type: 'started',
    attempt,
    total_steps: max_steps,
    total_epochs: isFiniteMeasure(num_train_epochs) ? num_train_epochs : null,
    resumed_from: last?.step ?? null,
    save_steps,
  }
}

function entryEvents(entry: LogEntry, attempt: number, file: string): object[] {
  const evaluation: Record<string, Measured> = {}
  const metrics: Record<string, Measured> = {}
  for (const [name, said] of Object.entries(entry)) {
    const value = readMeasured(said)
    if (value === undefined || SUMMARY.test(name)) continue
    if (name.startsWith('eval_')) evaluation[name] = value
    else metrics[name] = value
  }
  const at = { attempt, step: entry.step, epoch: epochOf(entry) }
  const origin = { file, line: null }
  const samples = sampleCount(evaluation)
  return [
    ...(Object.keys(metrics).length > 0 ? [{ type: 'metrics', ...at, values: metrics }] : []),
    ...(Object.keys(evaluation).length > 0
      ? [{ type: 'evaluation', ...at, values: evaluation, samples, origin }]
      : []),
  ]
}

function epochOf(entry: LogEntry | undefined): number | null {
  const epoch = readMeasured(entry?.['epoch'])
  return isFiniteMeasure(epoch) ? epoch : null
}

/** eval_runtime × eval_samples_per_second gives the number of evaluated samples. */
function sampleCount(values: Record<string, Measured>): number | null {
  const samples = (values['eval_runtime'] ?? NaN) * (values['eval_samples_per_second'] ?? NaN)
  return isCount(Math.round(samples)) ? Math.round(samples) : null
}

function checkpointEvent({ name, step, files, state }: CheckpointFolder, attempt: number): object {
  const event: Partial<EventOf<'checkpoint'>> = { type: 'checkpoint', attempt, step, path: name }
  return { ...event, ...files, epoch: epochOf(state?.log_history.at(-1)) }
}

function claimEvents(state: TrainerState, attempt: number, file: string): object[] {
  const { best_model_checkpoint: path, best_metric: value, best_global_step } = state
  if (path === null && value === null) return []
  const step = best_global_step ?? pathStep(path)
  const origin = { file, line: null }
  return [{ type: 'claim', attempt, path, step: isCount(step) ? step : null, value, origin }]
}

/** Rows that were left out are told, so that nothing goes in silence. */
function leftOutEvents({ left_out }: TrainerState, attempt: number, file: string): object[] {
  if (left_out === 0) return []
  const rows = left_out === 1 ? '1 row' : `${left_out} rows`
  const text = `${rows} of the log in ${file} told no step and were left out`
  return [{ type: 'log', attempt, level: 'warning', text }]
}

/** A run is complete where it reached its last step, or wrote the state that closes a run. */
function ended({ global_step, max_steps }: TrainerState, attempt: number, isRoot: boolean): object {
  const reached = max_steps !== null && global_step >= max_steps
  return { type: 'ended', attempt, status: reached || isRoot ? 'completed' : 'stopped' }
}
