import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isFiniteMeasure, TrainingEvent, type EventOf } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { inspectCheckpoint, type FilesSeen } from '../integrity.ts'
import { branches, type Branch, type StateFile } from './branches.ts'
import { readTrainerState, type LogEntry, type TrainerState } from './trainerState.ts'
import type { ReadRun } from './run.ts'

const STATE = 'trainer_state.json'
const CHECKPOINT = /^checkpoint-(\d+)$/
/** What the Trainer's closing row sums up; it is not of a step. */
const SUMMARY = /^(train_|total_flos$|epoch$|step$)/

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
  const folders = await Promise.all(names.map((name) => checkpointFolder(path, name)))
  return folders.sort((a, b) => a.step - b.step)
}

async function checkpointFolder(root: string, name: string): Promise<CheckpointFolder> {
  const step = Number(CHECKPOINT.exec(name)?.[1])
  const files = await inspectCheckpoint(join(root, name), STATE)
  if (files.files_state === 'missing') return { name, step, files, state: null }
  try {
    return { name, step, files, state: await readTrainerState(join(root, name, STATE)) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const files_why = files.files_why ?? `its ${STATE} cannot be read`
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
    total_epochs: num_train_epochs,
    resumed_from: last?.step ?? null,
    save_steps: isFiniteMeasure(save_steps) && save_steps >= 1 ? save_steps : null,
  }
}

function entryEvents(entry: LogEntry, attempt: number, file: string): object[] {
  const evaluation: Record<string, number> = {}
  const metrics: Record<string, number> = {}
  for (const [name, value] of Object.entries(entry)) {
    if (typeof value !== 'number') continue
    if (name.startsWith('eval_')) evaluation[name] = value
    else if (!SUMMARY.test(name)) metrics[name] = value
  }
  const { step } = entry
  const epoch = typeof entry['epoch'] === 'number' ? entry['epoch'] : null
  const at = { attempt, step, epoch }
  const origin = { file, line: null }
  const samples = sampleCount(evaluation)
  return [
    ...(Object.keys(metrics).length > 0 ? [{ type: 'metrics', ...at, values: metrics }] : []),
    ...(Object.keys(evaluation).length > 0
      ? [{ type: 'evaluation', ...at, values: evaluation, samples, origin }]
      : []),
  ]
}

/** eval_runtime × eval_samples_per_second gives the number of evaluated samples. */
function sampleCount(values: Record<string, number>): number | null {
  const samples = (values['eval_runtime'] ?? NaN) * (values['eval_samples_per_second'] ?? NaN)
  return Number.isFinite(samples) ? Math.round(samples) : null
}

function checkpointEvent({ name, step, files, state }: CheckpointFolder, attempt: number): object {
  const epoch = state?.log_history.at(-1)?.['epoch']
  const event: Partial<EventOf<'checkpoint'>> = { type: 'checkpoint', attempt, step, path: name }
  return { ...event, ...files, epoch: typeof epoch === 'number' ? epoch : null }
}

function claimEvents(state: TrainerState, attempt: number, file: string): object[] {
  const { best_model_checkpoint, best_metric, best_global_step } = state
  if (best_model_checkpoint === null && best_metric === null) return []
  const step = best_global_step ?? stepInPath(best_model_checkpoint)
  const origin = { file, line: null }
  return [{ type: 'claim', attempt, path: best_model_checkpoint, step, value: best_metric, origin }]
}

function stepInPath(path: string | null): number | null {
  const name = path?.split(/[\\/]/).filter(Boolean).at(-1)
  const found = name ? CHECKPOINT.exec(name) : null
  return found ? Number(found[1]) : null
}

/** A run is complete where it reached its last step, or wrote the state that closes a run. */
function ended({ global_step, max_steps }: TrainerState, attempt: number, isRoot: boolean): object {
  const reached = max_steps !== null && max_steps > 0 && global_step >= max_steps
  return { type: 'ended', attempt, status: reached || isRoot ? 'completed' : 'stopped' }
}
