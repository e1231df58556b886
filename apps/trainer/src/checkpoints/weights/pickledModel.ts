import { constants, inflateSync } from 'node:zlib'
import { isCompressed } from './compressedPickle.ts'
import { isPickle } from './pickle.ts'

const NAME = /\.(pkl|pickle|joblib|sav)$/
/** Libraries whose pickled objects are models. */
const LIBRARY =
  /(?:^|[^\w.])(sklearn|xgboost|lightgbm|catboost|torch|torch_utils|keras|tensorflow|flax|haiku|statsmodels|imblearn|hmmlearn|skorch|lifelines|pmdarima|prophet|mlxtend|stable_baselines3)\.[\w.]+/g
/** Parts of sklearn that prepare data and predict nothing. */
const PREPARATION =
  /^sklearn\.(preprocessing|feature_extraction|impute|decomposition|utils|datasets)\b/
/** How much of a file shows its first objects (bytes). */
export const MODEL_HEAD = 1 << 14

/** Whether a file of this name may be a pickled model. Its beginning decides. */
export function mayBePickledModel(name: string): boolean {
  return NAME.test(name)
}

/**
 * Whether a pickle begins with an object of a library for models, by the names of its classes. Nothing
 * is loaded, because a pickle may run any program.
 */
export function isPickledModel(head: Buffer): boolean {
  const bytes = isCompressed(head) ? inflated(head) : head
  if (!isPickle(bytes)) return false
  const modules = bytes.toString('latin1').match(LIBRARY) ?? []
  return modules.some((one) => !PREPARATION.test(one.replace(/^[^\w.]/, '')))
}

function inflated(head: Buffer): Buffer {
  try {
    return inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 20 })
  } catch {
    // Not zlib, or more than the beginning of a pickle; then its content is unknown.
    return Buffer.alloc(0)
  }
}
