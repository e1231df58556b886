import { isFiniteMeasure } from '../measured.ts'
import { NO_LOSSES, scaleRatio } from '../run/lossScale.ts'
import { withoutSplit } from '../metric/direction.ts'
import { finder, measureOf, metricNames } from '../metric/evaluations.ts'
import type { Note, ExplanationInput } from './explanation.ts'
import { figure, grouped, signed } from '../metric/figure.ts'
import type { Decider } from '../selection/decider.ts'
import { note } from './note.ts'
import { unlikeSamples } from '../selection/samples.ts'
import { isPreferenceTraining } from '../selection/undeclared.ts'

/** Where the deciding metric, or the loss, may mislead. */
export function misleadingNotes(given: ExplanationInput, decided: Decider): Note[] {
  return [
    ...preferenceNotes(given),
    ...speechNotes(given, decided),
    ...accuracyNotes(given),
    ...averagedNotes(given),
    ...nanNotes(given),
    ...scaleNotes(given),
    ...sampleNotes(given),
  ]
}

const PREFERENCE_SIGNALS =
  /^(win_rate|reward|objective\/(rlhf_reward|kl)|rewards\/(accuracies|chosen|margins)|kl|completions\/mean_length)$/

/** In preference training: the metrics that show progress, and a warning about the loss. */
function preferenceNotes({ evaluations, selection, context }: ExplanationInput): Note[] {
  const names = metricNames(evaluations)
  if (!isPreferenceTraining([...names, ...(context.logged ?? [])])) return []
  const at = selection.best && finder(evaluations)(selection.best)
  const signals = names.filter((name) => PREFERENCE_SIGNALS.test(withoutSplit(name)))
  const values = signals.flatMap((name) => {
    const value = at && measureOf(at, name)
    return isFiniteMeasure(value) ? [`${name} ${figure(value)}`] : []
  })
  const there = values.length > 0 ? ` At step ${grouped(at?.step)}: ${values.join(', ')}.` : ''
  const text = `This is preference or reinforcement training, whose loss does not show progress.${there}${fallingChosen(evaluations)}`
  return [note('preference_training', 'warning', text)]
}

/** If the reward of the chosen answers falls, the run degrades even if its margin grows. */
function fallingChosen(evaluations: ExplanationInput['evaluations']): string {
  const name = metricNames(evaluations).find((one) => withoutSplit(one) === 'rewards/chosen')
  const values = name ? evaluations.map((one) => measureOf(one, name)).filter(isFiniteMeasure) : []
  const change = (values.at(-1) ?? NaN) - (values[0] ?? NaN)
  return change < 0
    ? ` ${name} fell by ${figure(-change)}, so the chosen answers became less likely too.`
    : ''
}

/** If an error rate decides: how far the loss rose above its lowest value. */
function speechNotes({ selection, evaluations }: ExplanationInput, decided: Decider): Note[] {
  if (decided.basis !== 'speech') return []
  const losses = evaluations.map((one) => measureOf(one, 'eval_loss')).filter(isFiniteMeasure)
  const lowest = losses.reduce((least, loss) => Math.min(least, loss), Infinity)
  const rise = (losses.at(-1) ?? NaN) - lowest
  if (!(rise > 0)) return []
  const text = `${selection.metric} decides, not the loss: at the end, eval_loss is ${signed(rise)} above its lowest.`
  return [note('speech', 'note', text)]
}

/** With fewer evaluations, the model may not have learned anything yet. */
const STUCK_FOR = 4
/** Smaller changes than these are single samples or noise. */
const STUCK = { accuracy: 0.005, loss: 0.01 }

/** Accuracy and loss both stay at their first values: the model's answers have not changed. */
function accuracyNotes({ evaluations }: ExplanationInput): Note[] {
  const name = metricNames(evaluations).find((one) => /^(accuracy|acc)$/.test(withoutSplit(one)))
  if (name === undefined) return []
  const pairs = evaluations.flatMap((one) => {
    const [accuracy, loss] = [measureOf(one, name), measureOf(one, 'eval_loss')]
    return isFiniteMeasure(accuracy) && isFiniteMeasure(loss) ? [{ accuracy, loss }] : []
  })
  const [first, ...later] = pairs
  if (!first || pairs.length < STUCK_FOR) return []
  const isStuck = later.every(({ accuracy, loss }) => {
    const hasMoved = Math.abs(accuracy - first.accuracy) > STUCK.accuracy
    return !hasMoved && Math.abs(loss - first.loss) <= STUCK.loss * Math.abs(first.loss)
  })
  if (!isStuck) return []
  const last = later.at(-1) ?? first
  const text = `In all ${pairs.length} evaluations ${name} stays at about ${figure(last.accuracy)} and eval_loss at about ${figure(last.loss)}. Training has not changed the model's answers.`
  return [note('constant_accuracy', 'warning', text)]
}

const EMA = /(^|[^a-z])(ema|swa)([^a-z]|$)/

/** Metrics of averaged weights differ from those of raw weights; only the metric's name shows which. */
function averagedNotes({ evaluations, selection }: ExplanationInput): Note[] {
  const isAveraged = (name: string): boolean => EMA.test(name.toLowerCase())
  if (isAveraged(selection.metric)) {
    const text = `${selection.metric} was measured with averaged weights (ema). Make sure that the files hold those weights.`
    return [note('averaged_weights', 'warning', text)]
  }
  const names = metricNames(evaluations).filter(isAveraged)
  if (names.length === 0) return []
  const text = `Averaged weights were measured too (${names.slice(0, 3).join(', ')}), but ${selection.metric} decides. It is unknown which weights the files hold.`
  return [note('averaged_weights', 'warning', text)]
}

function nanNotes({ evaluations, context }: ExplanationInput): Note[] {
  const broken = evaluations.find((one) => Number.isNaN(context.trainLoss?.(one)))
  if (!broken) return []
  return [
    note('hidden_nan', 'warning', `The training loss is NaN before step ${grouped(broken.step)}.`),
  ]
}

function scaleNotes({ context }: ExplanationInput): Note[] {
  const ratio = scaleRatio(context.loss_scale ?? NO_LOSSES)
  if (ratio === null) return []
  const text = `The training loss is always about ${figure(Number(ratio.toPrecision(2)))} × the evaluation loss. The two probably have different scales, such as a sum over accumulated steps. The loss gap and overfitting are not computed.`
  return [note('unlike_scales', 'note', text)]
}

function sampleNotes({ evaluations, selection }: ExplanationInput): Note[] {
  const found = unlikeSamples(evaluations, selection.metric)
  if (!found) return []
  const text = `${selection.metric} was measured over ${found.few} to ${found.many} samples. Values over different evaluation sets cannot be compared.`
  return [note('unlike_samples', 'warning', text)]
}
