/** What was measured at one step. Values are texts, rounded so that logs of two forms agree. */
export interface HistoryPoint {
  attempt: number
  step: number
  values: ReadonlyMap<string, string>
}

/** Where the history in the files leaves the stored one. */
export interface Branch {
  /** The last point that both have: its attempt in the files, and its step. */
  attempt: number
  step: number
  /** The attempt of that point on the board. */
  stored_attempt: number
  /** The files go on with that attempt. Otherwise they hold a further one. */
  isContinued: boolean
  /** How the attempts of the common part are counted on the board, up to an attempt and a step. */
  parts: CountedPart[]
}

/** Up to this attempt and step of the files, the board's attempts are higher by `shift`. */
export interface CountedPart {
  attempt: number
  step: number
  shift: number
}

/**
 * How the history in a run's files relates to the stored one: it holds `all` of it, only a part and
 * nothing new (`shorter`), something new after a common part or after all that is stored (`further`),
 * or nothing of it (`another`).
 */
export type Relation =
  | { kind: 'all' }
  | { kind: 'shorter' }
  | { kind: 'another' }
  | { kind: 'further'; branch: Branch | null }

/** Compares two histories by the metrics that both have; undefined if they have none in common. */
export function relate(
  stored: readonly HistoryPoint[],
  found: readonly HistoryPoint[],
  last_attempt: number,
): Relation | undefined {
  const names = commonNames(stored, found)
  if (names.size === 0) return undefined
  const [before, now] = [withNames(stored, names), withNames(found, names)]
  // Another reader may count steps differently, but it finds the same values in the same order.
  if (isBeginning(before, now, names)) return { kind: 'all' }
  const matches = matched(before, now)
  const known = new Set(matches.filter((point) => point !== undefined))
  const missing = before.filter((point) => !known.has(point))
  if (missing.length === 0) return { kind: 'all' }
  const first = matches.indexOf(undefined)
  if (first === -1) return { kind: 'shorter' }
  const [last, stays] = [now[first - 1], matches[first - 1]]
  if (!last || !stays) return unlikeAtStart(before, now, known.size)
  const { attempt: stored_attempt } = stays
  const isAbandoned = missing.some((point) => {
    return point.attempt === stored_attempt && point.step > last.step
  })
  const isContinued = stored_attempt === last_attempt && !isAbandoned
  const { attempt, step } = last
  return {
    kind: 'further',
    branch: {
      attempt,
      step,
      stored_attempt,
      isContinued,
      parts: countedParts(now.slice(0, first), matches),
    },
  }
}

function countedParts(
  common: readonly HistoryPoint[],
  matches: readonly (HistoryPoint | undefined)[],
): CountedPart[] {
  const parts: CountedPart[] = []
  for (const [index, { attempt, step }] of common.entries()) {
    const shift = (matches[index]?.attempt ?? attempt) - attempt
    const part = { attempt, step, shift }
    if (parts.at(-1)?.shift === shift) parts.pop()
    parts.push(part)
  }
  return parts
}

function unlikeAtStart(
  before: readonly HistoryPoint[],
  now: readonly HistoryPoint[],
  known: number,
): Relation {
  const reached = before.reduce((most, { step }) => Math.max(most, step), -Infinity)
  const isLater = (now[0]?.step ?? 0) > reached
  return isLater || known > now.length / 2 ? { kind: 'further', branch: null } : { kind: 'another' }
}

function commonNames(
  stored: readonly HistoryPoint[],
  found: readonly HistoryPoint[],
): ReadonlySet<string> {
  const others = namesOf(found)
  return new Set([...namesOf(stored)].filter((name) => others.has(name)))
}

function namesOf(points: readonly HistoryPoint[]): Set<string> {
  return new Set(points.flatMap(({ values }) => [...values.keys()]))
}

/** The points with only these metrics, by attempt and step. */
function withNames(points: readonly HistoryPoint[], names: ReadonlySet<string>): HistoryPoint[] {
  const kept = points.map((point) => {
    return { ...point, values: new Map([...point.values].filter(([name]) => names.has(name))) }
  })
  return kept
    .filter(({ values }) => values.size > 0)
    .toSorted((a, b) => a.attempt - b.attempt || a.step - b.step)
}

/** Whether each metric of one history begins with its values in the other. */
function isBeginning(
  before: readonly HistoryPoint[],
  now: readonly HistoryPoint[],
  names: ReadonlySet<string>,
): boolean {
  const valuesOf = (points: readonly HistoryPoint[], name: string): string[] => {
    return points.flatMap(({ values }) => values.get(name) ?? [])
  }
  return [...names].every((name) => {
    const values = valuesOf(now, name)
    return valuesOf(before, name).every((value, index) => values[index] === value)
  })
}

/** For each point of the files, the latest stored point with its step and values. */
function matched(
  before: readonly HistoryPoint[],
  now: readonly HistoryPoint[],
): (HistoryPoint | undefined)[] {
  const atSteps = Map.groupBy(before, ({ step }) => step)
  return now.map((point) => atSteps.get(point.step)?.findLast((one) => isEqual(one, point)))
}

/** Whether two points have a common metric, and equal values of all of them. */
function isEqual({ values: some }: HistoryPoint, { values: others }: HistoryPoint): boolean {
  const common = [...some].filter(([name]) => others.has(name))
  return common.length > 0 && common.every(([name, value]) => others.get(name) === value)
}
