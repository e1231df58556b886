import {
  isFiniteMeasure,
  pathStep,
  readMeasured,
  type EventOf,
  type Measured,
  setOwn,
  readerNote,
  type ReaderNote,
} from '@bestmark/core'
import { rowsAfter, findFinalWeights, findRootStep } from './finalWeights.ts'
import type { Branch } from './branches.ts'
import { type CheckpointFolder, ROOT } from './checkpointFolders.ts'
import type { Declaration } from '../config/declaration.ts'
import { evaluatedSets } from './evaluatedSets.ts'
import { lineOf, logLines } from '../../files/jsonLines.ts'
import { addedResults } from './resultEvents.ts'
import type { Results } from './resultsFiles.ts'
import type { LogEntry, TrainerState } from './trainerState.ts'
import { isCount } from '../../files/json.ts'

/** Names in the Trainer's last row, which sums up the training and has no step. */
const SUMMARY = /^(train_|total_flos$|epoch$|step$)/

const UNKNOWN_ROOT: ReaderNote = {
  code: 'step_unknown',
  text: 'The step of the weights in the root is unknown. No file says whether load_best_model_at_end was set',
}

/** The attempt of a branch, and facts about the whole run. */
interface AttemptOptions {
  attempt: number
  folders: readonly CheckpointFolder[]
  isLast: boolean
  declaration: Declaration
  /** Whether the best checkpoint was loaded after training; null if unknown. */
  loads: boolean | null
  /** The result files beside the states. */
  results: Results | null
}

/** The events in one attempt's state files, not yet parsed. */
export function attemptEvents(branch: Branch, options: AttemptOptions): object[] {
  const { attempt, folders, isLast, declaration, loads, results } = options
  const { state, file, folder } = branch.longest
  const history = new StateHistory(state, file, options)
  const entries = state.log_history.slice(branch.shared)
  const written = new Set(branch.members.map((member) => member.folder))
  const saved = folders.filter(({ name, state }) =>
    state && name !== ROOT ? written.has(name) : isLast,
  )
  return [
    started(branch, attempt, declaration),
    ...entries.flatMap((entry) => history.entryEvents(entry)),
    ...saved.flatMap((found) => checkpointEvents(found, attempt, loads)),
    ...(isLast ? history.claimEvents() : []),
    ...(isLast && results ? addedResults(results, { state, attempt, loads }) : []),
    ...warningEvents([...history.warnings(), ...(isLast ? declaration.warnings : [])], attempt),
    ended(state, attempt, folder === ''),
  ]
}

function started({ longest, shared }: Branch, attempt: number, declaration: Declaration): object {
  const { max_steps, num_train_epochs, save_steps, log_history } = longest.state
  const last = log_history[shared - 1]
  return {
    type: 'started',
    attempt,
    total_steps: max_steps,
    total_epochs: isFiniteMeasure(num_train_epochs) ? num_train_epochs : null,
    resumed_from: last?.step ?? null,
    save_steps: save_steps ?? declaration.save_steps,
    ...declaration.fields,
  }
}

/** The history in one state file, with line numbers. */
class StateHistory {
  readonly #state: TrainerState
  readonly #attempt: number
  readonly #file: string
  readonly #lines: ReturnType<typeof logLines>
  readonly #loads: boolean | null
  readonly #after: ReadonlySet<LogEntry>
  #hidden: { count: number; line: number | null } = { count: 0, line: null }

  constructor(state: TrainerState, file: string, { attempt, loads }: AttemptOptions) {
    this.#state = state
    this.#attempt = attempt
    this.#file = file
    this.#lines = logLines(state.text, state.rows)
    this.#loads = loads
    this.#after = rowsAfter(state)
  }

  entryEvents(entry: LogEntry): object[] {
    const { evaluation, metrics } = splitEntry(entry)
    if (isHiddenNaN(metrics)) {
      this.#hidden.line ??= this.#lines.get(entry)?.['loss'] ?? null
      this.#hidden.count++
      metrics['loss'] = NaN
    }
    const at = { attempt: this.#attempt, ...this.#weightsOf(entry) }
    return [
      ...(Object.keys(metrics).length > 0 ? [{ type: 'metrics', ...at, values: metrics }] : []),
      ...evaluatedSets(evaluation).map((set) => {
        return { type: 'evaluation', ...at, ...set, ...this.#originOf(entry, set.values) }
      }),
    ]
  }

  /** The weights of an entry: after training they are the final weights. */
  #weightsOf(entry: LogEntry): { step: number; epoch: number | null } {
    const here = { step: entry.step, epoch: epochOf(entry) }
    if (!this.#after.has(entry)) return here
    const { step } = findFinalWeights(this.#state, entry.step, {
      loads: this.#loads,
      values: entry,
    })
    if (step === entry.step) return here
    return { step, epoch: epochOf(this.#state.log_history.find((row) => row.step === step)) }
  }

  #originOf(entry: LogEntry, values: Record<string, Measured>): object {
    const found = Object.entries(this.#lines.get(entry) ?? {})
    const lines = Object.fromEntries(found.filter(([name]) => Object.hasOwn(values, name)))
    const [line = null] = Object.values(lines)
    return { origin: { file: this.#file, line }, lines }
  }

  claimEvents(): object[] {
    const { best_model_checkpoint: path, best_metric: value, best_global_step } = this.#state
    if (path === null && value === null) return []
    const step = best_global_step ?? pathStep(path)
    const line = lineOf(this.#state.text, 'best_metric', value)
    const origin = { file: this.#file, line }
    const claimed = { path, step: isCount(step) ? step : null, value, origin }
    return [{ type: 'claim', attempt: this.#attempt, ...claimed }]
  }

  /** Warnings about skipped or changed values. */
  warnings(): ReaderNote[] {
    const notes: ReaderNote[] = []
    const { skipped_rows } = this.#state
    if (skipped_rows > 0) {
      const rows = skipped_rows === 1 ? '1 row' : `${skipped_rows} rows`
      const text = `Skipped ${rows} of the log in ${this.#file} without a step`
      notes.push({ code: 'rows_without_step', text })
    }
    const { count, line } = this.#hidden
    if (count > 0) {
      const where = line === null ? this.#file : `${this.#file}:${line}`
      const rows = count === 1 ? 'A training loss of 0 has' : `${count} training losses of 0 have`
      const shown = count === 1 ? 'It is shown as NaN' : 'They are shown as NaN'
      const text = `${rows} a grad_norm of NaN (first in ${where}). ${shown}, because logging_nan_inf_filter logs NaN as 0`
      notes.push({ code: 'nan_hidden', text })
    }
    return notes
  }
}

function warningEvents(notes: readonly ReaderNote[], attempt: number): object[] {
  return notes.map((note) => readerNote(attempt, note))
}

function splitEntry(entry: LogEntry) {
  const evaluation: Record<string, Measured> = {}
  const metrics: Record<string, Measured> = {}
  for (const [name, field] of Object.entries(entry)) {
    const value = readMeasured(field)
    if (value === undefined || SUMMARY.test(name)) continue
    if (name.startsWith('eval_')) setOwn(evaluation, name, value)
    else setOwn(metrics, name, value)
  }
  return { evaluation, metrics }
}

/** Whether a loss of 0 was NaN. The Trainer's logging_nan_inf_filter drops NaN losses and then logs 0. */
function isHiddenNaN(metrics: Record<string, Measured>): boolean {
  return metrics['loss'] === 0 && Number.isNaN(metrics['grad_norm'])
}

function epochOf(entry: LogEntry | undefined): number | null {
  const epoch = readMeasured(entry?.['epoch'])
  return isFiniteMeasure(epoch) ? epoch : null
}

function checkpointEvents(
  { name, step, files, state }: CheckpointFolder,
  attempt: number,
  loads: boolean | null,
): object[] {
  const weights = state && name === ROOT ? findRootStep(state, loads) : step
  const row = state?.log_history.findLast((one) => one.step === weights)
  const epoch = epochOf(row ?? state?.log_history.at(-1))
  const event: Partial<EventOf<'checkpoint'>> = { type: 'checkpoint', attempt, step: weights }
  const event_files = { ...files, path: name, epoch, ...(weights === null && { role: 'final' }) }
  const events: object[] = [{ ...event, ...event_files }]
  if (weights === null) events.push(readerNote(attempt, UNKNOWN_ROOT))
  return events
}

/** A run is complete if it reached its last step or has a state in the root. */
function ended({ global_step, max_steps }: TrainerState, attempt: number, isRoot: boolean): object {
  const reached = max_steps !== null && global_step >= max_steps
  return { type: 'ended', attempt, status: reached || isRoot ? 'completed' : 'stopped' }
}
