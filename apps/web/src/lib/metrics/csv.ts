import { csvRow, visible } from '@bestmark/core'
import type { Chart } from '../charts/chart.ts'

/** The points that the charts show, one per row: those in the window, thinned as on the screen. */
export function chartsCsv(charts: readonly Chart[]): string {
  const axis = charts[0]?.axis ?? 'step'
  const positions = axis === 'step' ? [] : [axis]
  const rows = charts.flatMap(({ lines, x: [from, to] }) =>
    lines.flatMap(({ name, columns: { xs, steps, values } }) =>
      [...xs.keys()].flatMap((index) => {
        const at = xs[index] ?? NaN
        if (!(at >= from && at <= to)) return []
        const [step, value] = [steps[index] ?? NaN, values[index] ?? NaN]
        return [[visible(name), step, ...positions.map(() => at), value]]
      }),
    ),
  )
  return [['series', 'step', ...positions, 'value'], ...rows].map(csvRow).join('')
}
