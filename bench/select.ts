import { select, type Checkpoint, type Evaluation } from '@bestmark/core'
import { median, ms, say, timings } from './figures.ts'

const COUNT = 100_000

/** The whole selection, ranking and reasons included, against a bare loop over the same values. */
export async function run(): Promise<void> {
  const values = Float64Array.from({ length: COUNT }, () => Math.random())
  const evaluations = Array.from(values, (eval_loss, step): Evaluation => {
    return { attempt: 0, step, epoch: null, values: { eval_loss }, origin: null }
  })
  const checkpoints = Array.from(values, (_value, step): Checkpoint => {
    const files = { files_state: 'complete', files_why: null } as const
    return { checkpoint_id: null, attempt: 0, step, path: `checkpoint-${step}`, ...files }
  })
  const declaration = { metric: null, direction: null, declared_by: null }
  const input = {
    policy: 'as_declared',
    declaration,
    claim: null,
    evaluations,
    checkpoints,
  } as const
  const ours = median(await timings(5, () => select(input)))
  const floor = median(await timings(50, () => lowest(values)))
  const perCheckpoint = (1e6 * ours) / COUNT
  say(
    `  ${ms(ours)}, ${perCheckpoint.toFixed(0)} ns a checkpoint; a bare loop ${ms(floor)}: ${(ours / floor).toFixed(0)} times`,
  )
}

function lowest(values: Float64Array): number {
  let best = 0
  for (let index = 1; index < values.length; index++) {
    if ((values[index] ?? NaN) < (values[best] ?? NaN)) best = index
  }
  return best
}
