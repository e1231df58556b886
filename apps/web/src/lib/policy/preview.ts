import {
  type Declaration,
  type Evaluation,
  type PolicyChoice,
  type Ranked,
  select,
} from '@bestmark/core'
import type { CheckpointList, CheckpointRow } from '../api.ts'
import { count, measure } from '../figures.ts'

/** What other options would choose, if the page has the data to compute it. */
export type Preview =
  | { isComputed: true; best: Ranked | null; metric: string | null; reason: string }
  | { isComputed: false }

type Decided = Pick<CheckpointList, 'checkpoints' | 'selection' | 'next_cursor'>

/**
 * What a policy would choose among the checkpoints on the page, by the same `select` that the board
 * uses. The page has no evaluations without a checkpoint and no trainer state. So the noise is that
 * of the current selection, and choices that need the trainer state have no preview. Choices among
 * checkpoints that are not read yet have none either.
 */
export function previewOf(list: Decided, declaration: Declaration, choice: PolicyChoice): Preview {
  const { policy, options } = choice
  if (policy === 'within_noise') return withinNoise(list, choice)
  const { checkpoints, selection, next_cursor } = list
  if (policy === 'as_declared' && selection.policy === policy) {
    return { isComputed: true, ...selection }
  }
  if (
    next_cursor !== null ||
    policy === 'scored' ||
    (policy === 'as_declared' && declaration.metric === null)
  ) {
    return { isComputed: false }
  }
  const evaluations = measuredRows(checkpoints)
  const rest = { declaration, claim: null, evaluations, checkpoints }
  const { best, metric, reason } = select({ policy, options, ...rest })
  return { isComputed: true, best, metric, reason }
}

function withinNoise({ selection }: Decided, { options }: PolicyChoice): Preview {
  const { near_ties, metric, policy, reason } = selection
  if (!near_ties || (policy !== 'as_declared' && policy !== 'within_noise'))
    return { isComputed: false }
  const { candidates } = near_ties
  const best = candidates.at(options.prefer === 'latest' ? -1 : 0) ?? null
  return { isComputed: true, best, metric, reason }
}

/** The evaluations of the saved checkpoints, as far as the page has them. */
export function measuredRows(checkpoints: readonly CheckpointRow[]): Evaluation[] {
  return checkpoints.flatMap(({ attempt, step, epoch, values, origin }) =>
    step === null ? [] : [{ attempt, step, epoch, values, origin }],
  )
}

/** A preview, compared with the current choice, as one sentence. */
export function previewWords(preview: Preview, present: Ranked | null): string {
  if (!preview.isComputed) return 'The result is shown once this policy decides.'
  const { best, metric, reason } = preview
  if (!best) return `No checkpoint would qualify. ${reason}`
  const value = metric === null ? '' : ` (${metric} ${measure(best.value)})`
  const step = `step ${count(best.step)}${value}`
  if (!present) return `It would choose ${step}.`
  const same = best.step === present.step && best.attempt === present.attempt
  return same
    ? `It would choose ${step}, as now.`
    : `It would choose ${step} instead of step ${count(present.step)}.`
}
