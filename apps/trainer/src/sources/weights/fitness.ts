import { ownValue } from '@bestmark/core'
import type { Values } from '../events/newEvents.ts'
import type { Listing } from '../../files/listing.ts'
import { readFacts } from './weightsFacts.ts'
import { listWeights } from './finder.ts'

/**
 * Ultralytics' fitness (`ultralytics/utils/metrics.py`): 0.1 mAP50 + 0.9 mAP50-95, and since 8.3.200
 * only mAP50-95.
 */
export type FitnessRule = 'weighted' | 'alone'

const COEFFICIENTS = { weighted: [0.1, 0.9], alone: [0, 1] } as const
const SINCE = [8, 3, 200]

/** Boxes, masks and poses each have both metrics. Their fitness values are added. */
const PARTS: readonly (readonly [half: string, whole: string])[] = [
  ['metrics/mAP50(B)', 'metrics/mAP50-95(B)'],
  ['metrics/mAP50(M)', 'metrics/mAP50-95(M)'],
  ['metrics/mAP50(P)', 'metrics/mAP50-95(P)'],
  ['metrics/mAP_0.5', 'metrics/mAP_0.5:0.95'],
]

/** The fitness of an epoch. For classification: the mean of top-1 and top-5 accuracy. Undefined without these metrics. */
export function fitnessOf(values: Values, rule: FitnessRule): number | undefined {
  const [a, b] = COEFFICIENTS[rule]
  const found = PARTS.flatMap(([half, whole]) => {
    const [map50, map50to95] = [ownValue(values, half), ownValue(values, whole)]
    return typeof map50 === 'number' && typeof map50to95 === 'number'
      ? [a * map50 + b * map50to95]
      : []
  })
  if (found.length > 0) return found.reduce((sum, one) => sum + one, 0)
  const [top1, top5] = [values['metrics/accuracy_top1'], values['metrics/accuracy_top5']]
  return typeof top1 === 'number' && typeof top5 === 'number' ? (top1 + top5) / 2 : undefined
}

/** The fitness rule of a run: by the fitness in its weights, else by the Ultralytics version. */
export async function readFitnessRule(listing: Listing): Promise<FitnessRule> {
  const found = (await listWeights(listing)).filter(({ path }) =>
    /(^|\/)(best|last)\.pt$/.test(path),
  )
  const facts = await Promise.all(found.map((one) => readFacts(listing.root, one)))
  for (const { values } of facts) {
    const stored = ownValue(values, 'fitness')
    const rules = (['weighted', 'alone'] as const).filter((rule) => {
      const value = fitnessOf(values, rule)
      return stored !== undefined && value !== undefined && Math.abs(value - stored) < 1e-4
    })
    const [only] = rules
    if (only && rules.length === 1) return only
  }
  const version = facts.find((one) => one.version !== null)?.version ?? ''
  return isSince(version.split('.').map(Number)) ? 'alone' : 'weighted'
}

function isSince(version: readonly number[]): boolean {
  for (const [index, part] of SINCE.entries()) {
    const here = version[index] ?? 0
    if (here !== part) return here > part
  }
  return true
}

export function describeFitness(rule: FitnessRule): string {
  return rule === 'alone' ? 'only mAP50-95, as since 8.3.200' : '0.1 mAP50 + 0.9 mAP50-95'
}
