import { readMeasured, type TrainingEvent, setOwn, type Found, noStep } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { measuredEvents, startedEvent, type Values } from '../events/newEvents.ts'
import { jsonObject } from '../../files/json.ts'
import type { FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import { readNumberedName, findSavedFiles } from '../events/savedFiles.ts'
import { isCount } from '../../files/json.ts'

const FILE = 'trainer_log.jsonl'

interface State extends Progress {
  /** Steps between two log lines, to find the step from which an attempt resumed. */
  every: number
}

/** LLaMA-Factory's `trainer_log.jsonl`: one JSON object per log. Later runs append to it. */
export const LLAMA_FACTORY = lineSource<State>({
  name: 'llamafactory',
  files: (listing) => {
    return listing.files(/^trainer_log\.jsonl$/, (head) => head.includes('"current_steps"'))
  },
  begin: () => ({ ...noProgress(), every: 1 }),
  line: readLine,
  started: async (listing) => {
    const { fields, warnings } = readDeclaration(await readConfigurations(listing.root))
    return { fields: fields, warnings }
  },
  saved: (listing) => findSavedFiles(listing, [''], readNumberedName),
})

/** Fields that are not metrics. */
const COUNTING =
  /^(current_steps|total_steps|epoch|percentage|elapsed_time|remaining_time|total_tokens)$/

function readLine(state: State, { text, line }: FileLine): Found[] {
  if (text.trim() === '') return []
  const row = jsonObject(text)
  const counted = row?.['current_steps']
  if (!row || typeof counted !== 'number' || !Number.isSafeInteger(counted) || counted < 0) {
    return [noStep()]
  }
  const { metrics, evaluation } = valuesIn(row)
  const total = isCount(row['total_steps']) ? row['total_steps'] : null
  const isTraining = 'loss' in metrics
  // An evaluation after training counts its own batches. Its step is the last training step.
  const isApart =
    !isTraining && state.step !== null && state.total !== null && total !== state.total
  const step = isApart ? (state.step ?? counted) : counted
  const events: TrainingEvent[] = isApart ? [] : attemptEvents(state, step, total, isTraining)
  const epoch = typeof row['epoch'] === 'number' ? row['epoch'] : null
  const at = { attempt: state.attempt, step, epoch }
  events.push(...measuredEvents(at, { metrics, evaluation }, { file: FILE, line }))
  return events
}

/** The start of a new attempt, or of this one with its total number of steps. */
function attemptEvents(
  state: State,
  step: number,
  total: number | null,
  isTraining: boolean,
): TrainingEvent[] {
  const before = state.step
  const isBack = before !== null && step < before
  // The last line repeats the last step, without a loss.
  const again =
    (isTraining && before !== step) || isBack ? advance(state, step, state.every) : undefined
  if (!isTraining && before !== null && step > before) advance(state, step)
  if (before !== null && step > before) state.every = step - before
  if (again) {
    state.total = total
    return [{ ...again, total_steps: total }]
  }
  if (total === null || total === state.total) return []
  state.total = total
  const from = state.spans[state.attempt]?.[0] ?? 0
  const resumed_from = from === 0 ? null : from
  return [startedEvent({ attempt: state.attempt, total_steps: total, resumed_from })]
}

function valuesIn(row: Record<string, unknown>): { metrics: Values; evaluation: Values } {
  const values = { metrics: {} as Values, evaluation: {} as Values }
  for (const [name, logged] of Object.entries(row)) {
    const value = readMeasured(logged)
    if (value === undefined || value === null || COUNTING.test(name)) continue
    if (/^(eval|predict)_/.test(name)) setOwn(values.evaluation, name, value)
    else setOwn(values.metrics, name === 'lr' ? 'learning_rate' : name, value)
  }
  return values
}
