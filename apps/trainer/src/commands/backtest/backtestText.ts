import {
  columns,
  distinctPolicies,
  figure,
  signed,
  type Backtest,
  type SkippedCode,
  type PolicyFigures,
} from '@bestmark/core'

/** The number of runs that are listed without --all. */
const SHOWN = 20

/** Why runs were skipped: of one run, and of several. */
const SKIPPED: Record<SkippedCode, [one: string, several: string]> = {
  unreadable: ['could not be read', 'could not be read'],
  no_evaluation: ['has no evaluation', 'have no evaluation'],
  same_run: ['is a copy or the beginning of another run', 'are copies or beginnings of other runs'],
  no_target: ['did not log the target', 'did not log the target'],
  no_direction: [
    'has a target of unknown direction (add --mode)',
    'have a target of unknown direction (add --mode)',
  ],
  target_is_loss: ['has the loss itself as target', 'have the loss itself as target'],
  too_few: ['has too few candidates', 'have too few candidates'],
  constant_target: ['has a target that never changes', 'have a target that never changes'],
  no_loss: [
    'logged no evaluation loss that can decide',
    'logged no evaluation loss that can decide',
  ],
}

/** A backtest as text: figures per policy, the advice on `scored`, the runs, and the skipped runs. */
export function backtestText(answer: Backtest, all: boolean): string[] {
  const parts = [[answer.text], figuresTable(answer), [answer.scored.text]]
  if (answer.replayed.length > 0) parts.push(runsTable(answer, all))
  if (answer.skipped.length > 0) parts.push(skippedText(answer, all))
  return parts.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]))
}

function figuresTable(answer: Backtest): string[] {
  const head = [
    'policy',
    'mean',
    'median',
    '95 % of the mean',
    'exact',
    'runs',
    'groups',
    'on the same runs',
  ]
  return columns([head, ...distinctPolicies(answer).map(figuresRow)], [1, 2, 4, 5, 6])
}

function figuresRow(one: PolicyFigures): string[] {
  const { policy, kind, runs, groups, interval, saw_target } = one
  const spread = interval ? `${share(interval[0])} to ${share(interval[1])}` : '–'
  const remarks = [
    kind === 'baseline' ? 'baseline' : '',
    saw_target > 0 ? `decided by the target itself in ${saw_target}` : '',
    ...sameRuns(one),
  ]
  return [
    ...[policy, share(one.mean_regret), share(one.median_regret), spread, share(one.exact_share)],
    ...[`${runs}`, `${groups}`, remarks.filter(Boolean).join('; ')],
  ]
}

/** The difference to the baselines, over the runs in which the policy could choose. */
function sameRuns({ beside }: PolicyFigures): string[] {
  return beside.map(({ baseline, difference }) => `${signed(round(difference))} to ${baseline}`)
}

function runsTable(answer: Backtest, all: boolean): string[] {
  const { replayed } = answer
  const shown = all ? replayed : replayed.slice(0, SHOWN)
  const names = distinctPolicies(answer)
    .filter(({ runs }) => runs > 0)
    .map(({ policy }) => policy)
  const rows = shown.map(({ group, name, target, candidates, best_step, best_value, picks }) => [
    ...[target, `${candidates}`, `${best_step} (${figure(best_value)})`],
    ...names.map((policy) => {
      const pick = picks.find((one) => one.policy === policy)
      return pick ? `${pick.step} ${share(pick.regret)}${pick.saw_target ? '*' : ''}` : '–'
    }),
    name.startsWith(group) ? name : `${group}: ${name}`,
  ])
  const head = ['target', 'of', 'best', ...names, 'run']
  const right = head.map((_, at) => at).slice(1, -1)
  const lines = ['Step and regret of each pick (* decided by the target itself):']
  lines.push(...columns([head, ...rows], right))
  return [...lines, ...more(replayed.length - shown.length)]
}

function skippedText({ skipped }: Backtest, all: boolean): string[] {
  const counts = Map.groupBy(skipped, ({ code }) => code)
  const lines = [...counts].map(
    ([code, some]) => `${some.length} ${SKIPPED[code][some.length === 1 ? 0 : 1]}`,
  )
  const list = all ? skipped.map(({ group, name, why }) => `  ${group}: ${name}: ${why}`) : []
  const hint = all ? '' : ' (--all lists them)'
  return [`Skipped: ${lines.join(', ')}${hint}.`, ...list]
}

function more(count: number): string[] {
  return count > 0 ? [`and ${count} more ${count === 1 ? 'run' : 'runs'} (--all lists them)`] : []
}

function share(regret: number | null): string {
  return regret === null ? '–' : regret.toFixed(3)
}

function round(difference: number): number {
  return Math.round(1000 * difference) / 1000
}
