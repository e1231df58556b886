import { ownValue } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'
import { bytesAt } from '../../checkpoints/weights/bytes.ts'
import { boosterOf } from '../../checkpoints/weights/boosters.ts'
import { openHandle } from '../../files/runFile.ts'
import type { Facts } from './facts.ts'
import type { FoundWeights } from './finder.ts'

/** What CatBoost records of each iteration and set, by metric. */
interface CatBoostRecord {
  best_iteration?: unknown
  learn_metrics_history?: readonly unknown[]
  test_metrics_history?: readonly (readonly Readonly<Record<string, unknown>>[])[]
}

type BoosterFacts = Partial<Pick<Facts, 'step' | 'best' | 'booster'>>

/** The beginning of a model, with its attributes and the number of its trees (bytes). */
const BEGINNING = 1 << 20
/** CatBoost keeps its record anywhere in its file (bytes). */
const LARGEST = 64 << 20
/** A field of XGBoost's model: in JSON, or in Universal Binary JSON with the length of the text. */
const field = (name: string) => new RegExp(`"?${name}"?(?::"|SL[^]{8})([-+.\\de]+)`)
const EVALUATED = '"eval_metric":{"type":"'
const BEST_ITERATION = field('best_iteration')
const BEST_SCORE = field('best_score')
const ROUNDS = /"iteration_indptr":\[([\d,\s]*)\]/
const TREES = field('num_trees')
const PARALLEL = field('num_parallel_tree')
const CLASSES = field('num_class')

/** The iteration of boosted trees, as their program counts, and the best one that it recorded. */
export async function readBoosterFacts(
  path: string,
  { file, hints, size }: FoundWeights,
): Promise<BoosterFacts> {
  await using handle = await openHandle(path)
  if (file.endsWith('.cbm')) {
    const bytes = await bytesAt(handle, 0, Math.min(size, LARGEST))
    return { ...catBoostFacts(bytes), booster: 'catboost' }
  }
  const head = await bytesAt(handle, 0, Math.min(size, BEGINNING))
  const program = boosterOf(head)
  if (program === undefined) return {}
  const text = head.toString('latin1')
  if (program === 'lightgbm') return { step: treesOfLightGbm(text), booster: program }
  const isNumbered = (hints.step ?? hints.epoch ?? hints.number) !== null
  return { ...xgboostFacts(text, isNumbered), booster: program }
}

/**
 * XGBoost counts from 0. Its model has all rounds, also after early stopping. A model without a
 * number belongs to its best iteration, which scikit-learn's classes use by default.
 */
function xgboostFacts(text: string, isNumbered: boolean): BoosterFacts {
  const last = roundsOfXgboost(text)
  const [iteration, score] = [numberOf(BEST_ITERATION, text), numberOf(BEST_SCORE, text)]
  if (iteration === undefined) return { step: last }
  const best = { step: iteration, value: score ?? null }
  return { step: isNumbered ? last : iteration, best }
}

function roundsOfXgboost(text: string): number | null {
  const ends = ROUNDS.exec(text)?.[1]
  if (ends !== undefined) return ends.split(',').length - 2
  const trees = numberOf(TREES, text)
  if (trees === undefined) return null
  const perRound = (numberOf(PARALLEL, text) ?? 1) * Math.max(1, numberOf(CLASSES, text) ?? 1)
  const last = trees / perRound - 1
  return Number.isInteger(last) && last >= 0 ? last : null
}

/** LightGBM counts from 1, and saves its trees up to the best iteration. */
function treesOfLightGbm(text: string): number | null {
  const sizes = /^tree_sizes=(.*)$/m.exec(text)?.[1]?.trim()
  const perIteration = Number(/^num_tree_per_iteration=(\d+)$/m.exec(text)?.[1] ?? 1)
  if (sizes === undefined || sizes === '') return null
  const iterations = sizes.split(/\s+/).length / perIteration
  return Number.isInteger(iterations) ? iterations : null
}

/**
 * CatBoost counts from 0, and keeps its metrics and options in its model. With `use_best_model` it
 * removes the trees after the best iteration.
 */
function catBoostFacts(bytes: Buffer): BoosterFacts {
  const start = bytes.indexOf('{"metrics":{"')
  const end = bytes.indexOf('}]}}', start)
  if (start === -1 || end === -1) return {}
  const { metrics } = jsonObject(bytes.toString('utf8', start, end + 4)) ?? {}
  if (typeof metrics !== 'object' || metrics === null) return {}
  const { best_iteration, learn_metrics_history, test_metrics_history } = metrics as CatBoostRecord
  const rows = learn_metrics_history ?? test_metrics_history ?? []
  const step = rows.length === 0 ? null : rows.length - 1
  if (typeof best_iteration !== 'number') return { step }
  // The last set and the evaluated metric decide.
  const at = bytes.indexOf(EVALUATED)
  const metric = /^\w+/.exec(bytes.toString('latin1', at + EVALUATED.length, at + 99))?.[0] ?? ''
  const value = ownValue(test_metrics_history?.[best_iteration]?.at(-1) ?? {}, metric) ?? null
  const best = { step: best_iteration, value: typeof value === 'number' ? value : null }
  return { step: bytes.includes('"use_best_model":true') ? best_iteration : step, best }
}

function numberOf(pattern: RegExp, text: string): number | undefined {
  const digits = pattern.exec(text)?.[1]
  const number = digits === undefined ? NaN : Number(digits)
  return Number.isFinite(number) ? number : undefined
}
