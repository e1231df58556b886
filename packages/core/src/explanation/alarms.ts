import { isFiniteMeasure } from '../measured.ts'
import { superlative } from '../metric/direction.ts'
import { directionOf } from '../metric/directionOf.ts'
import { measureOf } from '../metric/evaluations.ts'
import type { Note, ExplanationInput } from './explanation.ts'
import { figure, grouped } from '../metric/figure.ts'
import type { Decider } from '../selection/decider.ts'
import { note } from './note.ts'
import { lowOrHigh } from '../selection/problemText.ts'
import { directionByRecord } from '../selection/recorded.ts'
import type { SelectionInput } from '../selection/input.ts'

/** The trainer's options optimise a metric in the wrong direction. */
export function directionAlarms(
  given: ExplanationInput,
  decided: Decider,
  input: SelectionInput,
): Note[] {
  const text =
    byDeclaration(given, decided, input) ?? byRecord(given, input) ?? byConfiguration(given.context)
  return text === undefined ? [] : [note('wrong_direction', 'alarm', text)]
}

/** The declared direction is not the usual one for this metric name. */
function byDeclaration(
  { selection }: ExplanationInput,
  { basis, declared_by }: Decider,
  { declaration, options }: SelectionInput,
): string | undefined {
  const { metric, ranking } = selection
  const { direction } = declaration
  const usual = directionOf(metric)
  const isObeyed = basis === 'declared' && options?.direction === undefined
  if (!isObeyed || !direction || !usual || usual === direction) return undefined
  const last = ranking.at(-1)
  const other = last ? ` Then step ${grouped(last.step)} is best (${figure(last.value)}).` : ''
  return `The ${superlative(direction)} ${metric} decides (declared by ${declared_by}), but the name ${metric} suggests that ${lowOrHigh(usual)} is better. If the declaration is wrong, change the policy to metric ${metric} with ${usual}.${other}`
}

/** The trainer's recorded best is the worst value, so it compared in the wrong direction. */
function byRecord({ selection, evaluations }: ExplanationInput, { claim }: SelectionInput) {
  const { metric, direction } = selection
  if (!claim || !isFiniteMeasure(claim.value) || directionOf(metric) !== direction) return undefined
  const opposite = direction === 'min' ? 'max' : 'min'
  const isHeld = evaluations.some((one) => measureOf(one, metric) === claim.value)
  if (!isHeld || directionByRecord(metric, claim.value, evaluations) !== opposite) return undefined
  return `The trainer kept the ${superlative(opposite)} ${metric} as its best, but a ${lowOrHigh(direction)} ${metric} is better. Set greater_is_better (or mode) for the next run.`
}

/** HuggingFace's Trainer maximises metrics that do not end in "loss", unless greater_is_better is set. */
function byConfiguration({ config }: ExplanationInput['context']): string | undefined {
  const { metric_for_best_model: named, greater_is_better: wanted } = config ?? {}
  if (typeof named !== 'string' || wanted === false || named.endsWith('loss')) return undefined
  if (directionOf(named) !== 'min') return undefined
  return `HuggingFace's Trainer maximises ${named} unless greater_is_better is false, but a low ${named} is better. So it names and keeps the wrong checkpoints. Set greater_is_better: false.`
}
