import { listedWords } from '../metric/figure.ts'
import type { Backtest, PolicyFigures } from './figures.ts'
import { distinctPolicies } from './twins.ts'
import { targetWords } from './target.ts'
import { share } from './verdict.ts'

type Summed = Pick<Backtest, 'replayed' | 'groups' | 'policies' | 'skipped'>

/**
 * The result of a backtest in plain sentences: who has the lowest mean regret over all runs, the
 * baselines beside it, and who has less but chose in fewer runs or used the target itself.
 */
export function backtestSentence(target: string, summed: Summed): string {
  const { replayed, groups, skipped } = summed
  const policies = distinctPolicies(summed)
    .filter(({ mean_regret }) => mean_regret !== null)
    .sort((a, b) => regretOf(a) - regretOf(b))
  const fair = policies.filter((one) => one.runs === replayed.length && one.saw_target === 0)
  const [first] = fair
  if (!first) return joined([`No run can be replayed against ${target}.`, skippedWords(skipped)])
  const of = `${counted(replayed.length, 'run')} of ${counted(groups, 'group')}`
  return joined([
    `Over ${of}, regret is measured by ${targetWords(target)}.`,
    bestWords(first, fair),
    exceptions(policies, first, replayed.length),
    skippedWords(skipped),
  ])
}

/** The best of those that chose in all runs. Equal ones are named together: none of them wins. */
function bestWords(first: PolicyFigures, fair: readonly PolicyFigures[]): string {
  const isEqual = (one: PolicyFigures): boolean => share(regretOf(one)) === share(regretOf(first))
  const equal = fair.filter(isEqual).map(({ policy }) => policy)
  const lowest =
    equal.length === 1
      ? `has the lowest mean regret, ${figures(first)}`
      : `share the lowest mean regret, ${share(regretOf(first))}`
  const baselines = fair.filter((one) => one.kind === 'baseline' && !isEqual(one))
  const beside = baselines.map((one) => `${one.policy} has ${figures(one)}`)
  const others = beside.length > 0 ? `; ${beside.join(' and ')}` : ''
  return `${listedWords(equal)} ${lowest}${others}.`
}

/** Policies with less regret than the best, and why they are not compared with it. */
function exceptions(
  policies: readonly PolicyFigures[],
  first: PolicyFigures,
  runs: number,
): string {
  return policies
    .filter((one) => share(regretOf(one)) < share(regretOf(first)))
    .map((one) => {
      const why =
        one.saw_target > 0
          ? `it used the target itself in ${one.saw_target} of ${counted(one.runs, 'run')}`
          : `it could choose in only ${one.runs} of ${counted(runs, 'run')}`
      return `${one.policy} has ${share(regretOf(one))}, but ${why}.`
    })
    .join(' ')
}

function figures(one: PolicyFigures): string {
  const { interval } = one
  const spread = interval ? ` (95 % ${share(interval[0])} to ${share(interval[1])})` : ''
  return `${share(regretOf(one))}${spread}`
}

/** Without a regret, a policy comes last. */
function regretOf({ mean_regret }: PolicyFigures): number {
  return mean_regret ?? Infinity
}

function skippedWords({ length }: Summed['skipped']): string {
  if (length === 0) return ''
  return `${counted(length, 'run')} ${length === 1 ? 'was' : 'were'} skipped.`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function joined(sentences: readonly string[]): string {
  return sentences.filter((one) => one !== '').join(' ')
}
