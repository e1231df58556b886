import { figure } from './candidates.ts'
import type { Decider } from './metric.ts'
import type { MissedBest, PassedOver, Ranked } from './selection.ts'

interface ReasonInput {
  decider: Decider
  best: Ranked | null
  runner_up: Ranked | null
  margin: number | null
  candidates: number
  passed_over: readonly PassedOver[]
  missed_best: MissedBest | null
  lost_best: string | null
  among: 'checkpoints' | 'evaluations'
  evaluations: number
}

/** The decision as one plain sentence. */
export function reason(input: ReasonInput): string {
  const { decider, best } = input
  if (decider.problem) return `Nothing to choose from: ${decider.problem}.`
  if (!best) return `Nothing to choose from: ${nothing(input)}.`
  const { metric, direction } = decider
  const superlative = direction === 'min' ? 'lowest' : 'highest'
  const noun = input.among === 'checkpoints' ? 'checkpoint' : 'evaluation'
  const of =
    input.candidates === 1
      ? `the only ${noun} that can be compared`
      : `the ${superlative} ${metric} of ${input.candidates} ${noun}s`
  return `Step ${best.step} has ${of} (${metric} ${figure(best.value)})${next(input)}${told(decider)}${missed(input)}.`
}

function next({ runner_up, margin, best }: ReasonInput): string {
  if (!runner_up || margin === null || !best) return ''
  if (margin === 0) return `; step ${runner_up.step} ties with it and came later`
  const sign = runner_up.value > best.value ? '+' : '−'
  return `; next is step ${runner_up.step} (${sign}${figure(margin)})`
}

function told({ declared_by }: Decider): string {
  return declared_by === 'asked for' ? '' : `; ${declaredBy(declared_by)}`
}

/** Who declared the metric, as a clause. */
function declaredBy(declared_by: string): string {
  return declared_by.startsWith('nobody')
    ? declared_by
    : `the metric was declared by ${declared_by}`
}

function missed({ missed_best, lost_best }: ReasonInput): string {
  if (lost_best) return `; a better one cannot be shipped: ${lost_best}`
  return missed_best ? `; ${missed_best.text}` : ''
}

function nothing({ decider, passed_over, evaluations, among }: ReasonInput): string {
  if (evaluations === 0) return 'nothing was evaluated'
  if (among === 'evaluations') return `no evaluation has a finite ${decider.metric}`
  if (passed_over.length === 0) return 'no checkpoint was saved'
  const [first] = passed_over
  const others = passed_over.length - 1
  const more = others > 0 ? `, and ${others} more were passed over` : ''
  return `${first?.text}${more}`
}
