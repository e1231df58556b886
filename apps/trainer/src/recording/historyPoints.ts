import type { TrainingEvent } from '@bestmark/core'
import type { ownEvaluations, readSeries } from '@bestmark/db'
import type { HistoryPoint } from './relation.ts'

/** A schedule sets these values, so they are equal in different runs. */
const SCHEDULED = /(^|[/_.-])(lr|learning_rate|momentum|epoch|step|weight_decay)([/_.-]|$)/i
/** Significant digits that are compared, because printed values have fewer digits than tables. */
const DIGITS = 4

/** Whether a schedule sets the values of a series. */
export function isScheduled(name: string): boolean {
  return SCHEDULED.test(name)
}

/** The text of a value, with the digits that are compared. */
export function rounded(value: number | null): string {
  return (value ?? NaN).toPrecision(DIGITS)
}

/** The points of stored evaluations. */
export function pointsOfRows(rows: Awaited<ReturnType<typeof ownEvaluations>>): HistoryPoint[] {
  return pointsOf(
    rows.map(({ attempt, step, metric, value }) => ({
      attempt,
      step,
      values: { [metric]: value },
    })),
  )
}

/** The points that events measured. Scores are left out, because people add and retract them. */
export function pointsOfEvents(events: readonly TrainingEvent[]): HistoryPoint[] {
  return pointsOf(
    events.flatMap((event) => {
      const isOwn =
        event.type === 'metrics' || (event.type === 'evaluation' && event.scored_by === null)
      return isOwn ? [event] : []
    }),
  )
}

/** The points of series whose attempts are joined; they get the last attempt. */
export function pointsOfSeries(
  series: Awaited<ReturnType<typeof readSeries>>,
  attempt: number,
): HistoryPoint[] {
  return pointsOf(
    series.flatMap(({ name, steps, values }) =>
      [...steps].map((step, index) => {
        return { attempt, step, values: { [name]: values[index] ?? null } }
      }),
    ),
  )
}

interface Measured {
  attempt: number
  step: number
  values: Record<string, number | null>
}

/** One point per attempt and step. The first value of a metric counts, as on the board. */
function pointsOf(measured: readonly Measured[]): HistoryPoint[] {
  const points = new Map<string, HistoryPoint & { values: Map<string, string> }>()
  for (const { attempt, step, values } of measured) {
    const key = `${attempt} ${step}`
    const point = points.get(key) ?? { attempt, step, values: new Map() }
    points.set(key, point)
    for (const [name, value] of Object.entries(values)) {
      if (!isScheduled(name) && !point.values.has(name)) point.values.set(name, rounded(value))
    }
  }
  return [...points.values()]
}
