import type { Winner } from '@bestmark/core'
import type { CheckpointRow } from '../api.ts'
import { count } from '../figures.ts'

/** A metric beside the deciding one, as a column of the checkpoints. */
export interface MetricColumn {
  metric: string
  /** The checkpoint that it would choose; null if it chooses none. */
  winner: Winner | null
}

/** More columns than this do not help; the metrics are charts, too. */
const MOST = 12

/**
 * The columns of metrics beside the deciding one: those that would choose another checkpoint first,
 * then scores that choose none, then those that agree.
 */
export function metricColumns(
  winners: readonly Winner[],
  scores: readonly string[],
): MetricColumn[] {
  const columnOf = (winner: Winner): MetricColumn => ({ metric: winner.metric, winner })
  const isWinner = (score: string) => winners.some(({ metric }) => metric === score)
  return [
    ...winners.filter(({ agrees }) => !agrees).map(columnOf),
    ...scores.filter((score) => !isWinner(score)).map((metric) => ({ metric, winner: null })),
    ...winners.filter(({ agrees }) => agrees).map(columnOf),
  ].slice(0, MOST)
}

type Place = Pick<CheckpointRow, 'checkpoint_id'>

/** Whether the metric of a column would choose this checkpoint. */
export function isChosenBy({ winner }: MetricColumn, { checkpoint_id }: Place): boolean {
  return winner?.best.checkpoint_id === checkpoint_id
}

/** The columns whose metrics would choose this checkpoint. */
export function choosersOf(columns: readonly MetricColumn[], row: Place): MetricColumn[] {
  return columns.filter((column) => isChosenBy(column, row))
}

/** Why a metric would choose a checkpoint. */
export function winText({ metric, direction }: Winner): string {
  return `${direction === 'min' ? 'lowest' : 'highest'} ${metric}`
}

/** A column's head in full. */
export function columnTitle({ metric, winner }: MetricColumn): string {
  if (winner === null) return metric
  const better = winner.direction === 'min' ? 'lower' : 'higher'
  const choice = winner.agrees ? 'chooses the same checkpoint' : `would choose ${stepOf(winner)}`
  return `${metric}: ${better} is better; it ${choice}`
}

/** The step that a metric would choose. */
export function stepOf({ best }: Winner): string {
  return `step ${count(best.step)}`
}
