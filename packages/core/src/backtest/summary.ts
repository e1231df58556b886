import { interval, type Drawn } from './bootstrap.ts'
import type { BesideBaseline, Pick, PolicyFigures, ReplayedRun } from './figures.ts'
import { LAST, LOWEST, REPLAYED, SCORED } from './picks.ts'

/**
 * The result of each policy and baseline over the replayed runs; the seed decides the draws of an
 * interval.
 */
export function summary(replayed: readonly ReplayedRun[], seed: number): PolicyFigures[] {
  const kinds = [
    ...REPLAYED.slice(0, -2),
    { policy: SCORED, kind: 'policy' } as const,
    ...REPLAYED.slice(-2),
  ]
  return kinds.map(({ policy, kind }) => ({
    policy,
    kind,
    ...figuresOf(replayed, policy, seed),
    beside: kind === 'baseline' ? [] : besideBaselines(replayed, policy, seed),
  }))
}

type Figures = Omit<PolicyFigures, 'policy' | 'kind' | 'beside'>

function figuresOf(replayed: readonly ReplayedRun[], policy: string, seed: number): Figures {
  const found = replayed.flatMap((run) => {
    const pick = pickOf(run, policy)
    return pick ? [{ group: run.group, value: pick.regret, pick }] : []
  })
  const count = (holds: (pick: Pick) => boolean): number =>
    found.filter(({ pick }) => holds(pick)).length
  const regrets = found.map(({ value }) => value)
  const any = found.length > 0
  return {
    runs: found.length,
    groups: new Set(found.map(({ group }) => group)).size,
    mean_regret: any ? mean(regrets) : null,
    median_regret: any ? median(regrets) : null,
    interval: within(interval(found, seed), [0, 1]),
    exact_share: any ? count(({ is_exact }) => is_exact) / found.length : null,
    saw_target: count(({ saw_target }) => saw_target),
  }
}

/** The policy compared with each baseline, over the runs in which both could choose. */
function besideBaselines(
  replayed: readonly ReplayedRun[],
  policy: string,
  seed: number,
): BesideBaseline[] {
  return [LAST, LOWEST].flatMap((baseline) => {
    const regrets: number[] = []
    const differences: Drawn[] = []
    for (const run of replayed) {
      const [ours, theirs] = [pickOf(run, policy), pickOf(run, baseline)]
      if (!ours || !theirs) continue
      regrets.push(theirs.regret)
      differences.push({ group: run.group, value: ours.regret - theirs.regret })
    }
    if (regrets.length === 0) return []
    const difference = mean(differences.map(({ value }) => value))
    const spread = within(interval(differences, seed), [-1, 1])
    return [
      { baseline, runs: regrets.length, mean_regret: mean(regrets), difference, interval: spread },
    ]
  })
}

function pickOf({ picks }: ReplayedRun, policy: string): Pick | undefined {
  return picks.find((pick) => pick.policy === policy)
}

/** An interval without values that regrets, or their differences, cannot have. */
function within(
  interval: [number, number] | null,
  [least, most]: [number, number],
): [number, number] | null {
  return interval && [Math.max(least, interval[0]), Math.min(most, interval[1])]
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2
}
