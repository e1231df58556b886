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

const COUNT = 1_000_000
const ROUNDS = 5

/** The choice event by event, and all at once, each against a bare loop over the same rows. */
export async function run(): Promise<void> {
  await streaming()
  await batch()
}

async function streaming(): Promise<void> {
  const events = Array.from({ length: COUNT }, (_, step) => evaluationEvent(step))
  const ours = median(await timings(ROUNDS, () => events.reduce(track, initialTracker())))
  const floor = median(await timings(ROUNDS, () => lowest(events)))
  printLine(`  streaming: ${ns(ours)} per event; a bare loop ${ns(floor)}: ${times(ours, floor)}`)
}

async function batch(): Promise<void> {
  const evaluations = Array.from({ length: COUNT }, (_, step): Evaluation => {
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
  const floor = median(await timings(ROUNDS, () => lowest(evaluations)))
  printLine(
    `  batch of ${COUNT.toLocaleString('en')}: ${ms(ours)}; a bare loop ${ms(floor)}: ${times(ours, floor)}`,
  )
}

function evaluationEvent(step: number): EventOf<'evaluation'> {
  const missing = { epoch: null, at: null, samples: null, origin: null, scored_by: null }
  const values = { eval_loss: Math.random() }
  return { type: 'evaluation', attempt: 0, step, values, ...missing, lines: {}, directions: {} }
}

/** The first step with the lowest loss: the least work that any answer needs. */
function lowest(rows: readonly Pick<Evaluation, 'step' | 'values'>[]): number | undefined {
  let [best, loss]: [number | undefined, number] = [undefined, Infinity]
  for (const { step, values } of rows) {
    const value = values['eval_loss'] ?? NaN
    if (value < loss) [best, loss] = [step, value]
  }
  return best
}

function ns(milliseconds: number): string {
  return `${((1e6 * milliseconds) / COUNT).toFixed(1)} ns`
}

function times(ours: number, floor: number): string {
  return `${(ours / floor).toFixed(0)} times`
}
