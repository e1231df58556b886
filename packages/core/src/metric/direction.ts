import type { Direction } from '../run/event.ts'

const SPLIT_PREFIX = /^(eval|evaluation|val|valid|validation|test|dev)(_metrics\/|-core\/|[_/ .])/

/** The metric's name without the prefix of its split. */
export function withoutSplit(metric: string): string {
  return metric.toLowerCase().replace(SPLIT_PREFIX, '')
}

/** Whether a metric was measured on a test split, which never decides. */
export function isTest(metric: string): boolean {
  return /^test($|[_/])/i.test(metric)
}

/** Whether a metric is a loss, of any evaluation set. */
export function isLoss(metric: string): boolean {
  return /(^|[_/])(m?log)?loss$/.test(withoutSplit(metric))
}

/** Whether `value` is strictly better than `other` in a direction. */
export function isBetter(value: number, other: number, direction: Direction): boolean {
  return direction === 'min' ? value < other : value > other
}

/** Whether a direction's best is the lowest or the highest. */
export function superlative(direction: Direction): 'lowest' | 'highest' {
  return direction === 'min' ? 'lowest' : 'highest'
}
