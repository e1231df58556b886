import { measure } from '../figures.ts'
import type { Line, NamedSeries } from './chart.ts'

/** A label at the end of a line: its preferred position (pixels from the top), and its text. */
export interface EndLabel {
  name: string
  text: string
  y: number
}

/** Moves labels apart so that none covers another; keeps their order and stays within `height`. */
export function spread<Label extends EndLabel>(labels: Label[], gap: number, height: number) {
  const placed = labels.map((label) => ({ ...label })).sort((a, b) => a.y - b.y)
  let floor = -Infinity
  for (const label of placed) {
    label.y = Math.max(label.y, floor + gap)
    floor = label.y
  }
  let ceiling = height + gap
  for (const label of placed.toReversed()) {
    label.y = Math.min(label.y, ceiling - gap)
    ceiling = label.y
  }
  return placed
}

/** The name of a line on the chart: train and eval for the losses, else the name of the series. */
export function lineName(name: string, kind: NamedSeries['kind']): string {
  if (name === 'loss') return 'train'
  if (name === 'eval_loss') return 'eval'
  return kind === 'evaluation' ? name.replace(/^eval_/, 'eval ') : name
}

/** A line's label: its name and its last value in view, which may be NaN. */
export function endText({ name, kind, last }: Pick<Line, 'name' | 'kind' | 'last'>): string {
  const called = lineName(name, kind)
  return `${called.length > 14 ? `${called.slice(0, 13)}…` : called} ${measure(last?.value)}`
}
