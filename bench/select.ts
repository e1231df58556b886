import {
  initialTracker,
  select,
  track,
  type Checkpoint,
  type Evaluation,
  type EventOf,
  type SelectionInput,
} from '@bestmark/core'
import { median, ms, printLine, timings } from './figures.ts'

const EVENTS = 1_000_000
const ROWS = 10_000_000
const ROUNDS = 5

/** The choice event by event, and all at once, each against a bare loop over the same rows. */
export async function run(): Promise<void> {
  await streaming()
  await batch()
}

async function streaming(): Promise<void> {
  const events = Array.from({ length: EVENTS }, (_, step) => evaluationEvent(step))
  const ours = median(await timings(ROUNDS, () => events.reduce(track, initialTracker())))
  const floor = median(await timings(ROUNDS, () => lowest(events)))
  printLine(`  streaming: ${ns(ours)} per event; a bare loop ${ns(floor)}: ${times(ours, floor)}`)
}

/**
 * The decision: the best and the next one, near ties, the missed best and the reason. The lists of
 * all candidates are made only when they are read, so they have a line of their own.
 */
async function batch(): Promise<void> {
  const evaluations = Array.from({ length: ROWS }, (_, step): Evaluation => {
    return { attempt: 0, step, epoch: null, values: { eval_loss: Math.random() }, origin: null }
  })
  const checkpoints = evaluations.map(({ step }): Checkpoint => {
    const files = { files_state: 'complete', files_why: null } as const
    return { checkpoint_id: null, attempt: 0, step, path: `checkpoint-${step}`, ...files }
  })
  const declaration = { metric: null, direction: null, declared_by: null }
  const rows = { declaration, claim: null, evaluations, checkpoints }
  const input: SelectionInput = { policy: 'as_declared', ...rows }
  const ours = median(await timings(ROUNDS, () => select(input)))
  const floor = median(await timings(ROUNDS, () => lowestSaved(checkpoints, evaluations)))
  printLine(
    `  batch of ${ROWS.toLocaleString('en')}: ${ms(ours)}; a bare loop over both kinds of rows ${ms(floor)}: ${times(ours, floor)}`,
  )
  const some = { ...input, evaluations: evaluations.slice(0, LISTED) }
  const few = { ...some, checkpoints: checkpoints.slice(0, LISTED) }
  const lists = median(await timings(ROUNDS, () => listsOf(few)))
  printLine(`  the same with all lists, of ${LISTED.toLocaleString('en')}: ${ms(lists)}`)
}

const LISTED = 1_000_000

function listsOf(input: SelectionInput): number {
  const { ranking, skipped, near_ties } = select(input)
  return ranking.length + skipped.length + (near_ties?.candidates.length ?? 0)
}

/** The path of the first complete checkpoint with the lowest loss, if each has its evaluation. */
function lowestSaved(
  checkpoints: readonly Checkpoint[],
  evaluations: readonly Evaluation[],
): string | undefined {
  let [best, loss]: [string | undefined, number] = [undefined, Infinity]
  let index = 0
  for (const { attempt, step, path, files_state } of checkpoints) {
    const evaluation = evaluations[index++]
    if (evaluation?.step !== step || evaluation.attempt !== attempt) continue
    const value = evaluation.values['eval_loss'] ?? NaN
    if (files_state === 'complete' && value < loss) [best, loss] = [path, value]
  }
  return best
}

function evaluationEvent(step: number): EventOf<'evaluation'> {
  const missing = { epoch: null, at: null, samples: null, origin: null, scored_by: null }
  const values = { eval_loss: Math.random() }
  return { type: 'evaluation', attempt: 0, step, values, ...missing, lines: {}, directions: {} }
}

/** The first step with the lowest loss: the least work that any answer needs. */
function lowest(rows: readonly EventOf<'evaluation'>[]): number | undefined {
  let [best, loss]: [number | undefined, number] = [undefined, Infinity]
  for (const { step, values } of rows) {
    const value = values['eval_loss'] ?? NaN
    if (value < loss) [best, loss] = [step, value]
  }
  return best
}

function ns(milliseconds: number): string {
  return `${((1e6 * milliseconds) / EVENTS).toFixed(1)} ns`
}

function times(ours: number, floor: number): string {
  return `${(ours / floor).toFixed(0)} times`
}
