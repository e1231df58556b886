import { figure } from './candidates.ts'
import type { Decider } from './metric.ts'
import type { Selection } from './selection.ts'

type Found = Pick<
  Selection,
  'best' | 'runner_up' | 'margin' | 'ranking' | 'passed_over' | 'missed_best'
> & {
  among: 'checkpoints' | 'evaluations'
  /** Why the weights of the best evaluation cannot be shipped, where they were saved. */
  lost_best: string | null
  /** How many evaluations there are. */
  evaluations: number
}

type ReasonInput = { decided: Decider } & ({ problem: string | null } | ({ problem: null } & Found))

/** The decision as one plain sentence. */
export function reason(input: ReasonInput): string {
  const { decided } = input
  if (!('ranking' in input)) return `Nothing to choose from: ${input.problem}.`
  const { best } = input
  if (!best) return `Nothing to choose from: ${nothing(decided, input)}.`
  const what = `Step ${best.step} ${superlative(decided, input)} (${decided.metric} ${figure(best.value)})`
  return `${what}${next(input)}${told(decided)}${missed(input)}.`
}

function superlative({ metric, direction }: Decider, { ranking, among }: Found): string {
  const noun = among === 'checkpoints' ? 'checkpoint' : 'evaluation'
  if (ranking.length === 1) return `is the only ${noun} that can be compared`
  return `has the ${direction === 'min' ? 'lowest' : 'highest'} ${metric} of ${ranking.length} ${noun}s`
}

function next({ runner_up, margin, best }: Found): string {
  if (!runner_up || margin === null || !best) return ''
  if (margin === 0) return `; step ${runner_up.step} ties with it and came later`
  const sign = runner_up.value > best.value ? '+' : '−'
  return `; next is step ${runner_up.step} (${sign}${figure(margin)})`
}

function told({ source, declared_by }: Decider): string {
  if (source === 'told') return ''
  return `; ${source === 'run' ? `declared by ${declared_by}` : declared_by}`
}

function missed({ missed_best, lost_best }: Found): string {
  if (lost_best) return `; a better one cannot be shipped: ${lost_best}`
  return missed_best ? `; ${missed_best.text}` : ''
}

function nothing({ metric }: Decider, { passed_over, evaluations, among }: Found): string {
  if (evaluations === 0) return 'nothing was evaluated'
  if (among === 'evaluations') return `no evaluation has a finite ${metric}`
  const [first] = passed_over
  if (!first) return 'no checkpoint was saved'
  const others = passed_over.length - 1
  return `${first.text}${others > 0 ? `, and ${others} more were passed over` : ''}`
}
