import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'

/** Names of files that may hold the trees of XGBoost or LightGBM. Their beginning decides. */
const NAME = /\.(json|ubj|model|txt)$|\.snapshot_iter_\d+$/
/** XGBoost's model as JSON, or as Universal Binary JSON: an object whose first name has 7 letters. */
const XGBOOST = ['{"learner":{', `{L${String.fromCharCode(0, 0, 0, 0, 0, 0, 0, 7)}learner{`]
/** LightGBM's model as text. */
const LIGHTGBM = /^tree\r?\nversion=v\d/
/** XGBoost closes its object, perhaps after spaces; LightGBM's parameters follow its trees. */
const END = { xgboost: /\}\s*$/, lightgbm: /\nend of trees\b/ }
const HEAD = 64
/** LightGBM's parameters after its trees (bytes). */
const TAIL = 1 << 16

/** Whether a file of this name may hold boosted trees. */
export function mayBeBooster(name: string): boolean {
  return NAME.test(name)
}

/** The program whose model begins like this; undefined if it is not a model of boosted trees. */
export function boosterOf(head: Buffer): 'xgboost' | 'lightgbm' | undefined {
  const text = head.toString('latin1', 0, HEAD)
  if (XGBOOST.some((beginning) => text.startsWith(beginning))) return 'xgboost'
  return LIGHTGBM.test(text) ? 'lightgbm' : undefined
}

/** Checks that a model of boosted trees was written to its end. */
export async function checkBooster(
  file: ByteSource,
  program: 'xgboost' | 'lightgbm',
  bytes: number,
): Promise<WeightsCheck> {
  const tail = await bytesAt(file, Math.max(0, bytes - TAIL), Math.min(bytes, TAIL))
  if (END[program].test(tail.toString('latin1'))) return WHOLE
  return broken('cut_short', 'has no end, so its save was cut short')
}
