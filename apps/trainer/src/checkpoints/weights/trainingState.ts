/** Keys under which programs save what only training needs. */
const TRAINING_KEY =
  /^(optims?|optimizers?|opt_state|(lr_)?schedulers?|(grad_|amp_)?scaler|amp|(\w+_)?rng|random_state)(_\w+)?$/

/**
 * Whether an object that torch saved holds only the state of a training: an optimiser's own state, or
 * such states with plain values such as a step beside them.
 */
export function isTrainingStateOnly(value: unknown): boolean {
  if (!(value instanceof Map) || value.size === 0) return false
  if (value.size === 2 && value.has('param_groups') && value.has('state')) return true
  const others = [...value].filter(([key]) => !isTrainingKey(key))
  return others.length < value.size && others.every(([, one]) => isPlain(one))
}

/** The keys of a saved object that hold the state of an optimiser or alike. */
export function trainingKeys(value: unknown): string[] {
  if (!(value instanceof Map)) return []
  return [...value.keys()].filter(isTrainingKey)
}

function isTrainingKey(key: unknown): key is string {
  return typeof key === 'string' && TRAINING_KEY.test(key)
}

/** Whether a value has no tensor: a number, a text, or a dictionary or list of such values. */
function isPlain(value: unknown): boolean {
  if (value instanceof Map) return [...value.values()].every(isPlain)
  if (Array.isArray(value)) return value.every(isPlain)
  return value === null || ['number', 'bigint', 'boolean', 'string'].includes(typeof value)
}
