import type { Facts } from './facts.ts'

/** Where fairseq keeps the value of the metric that decides, whichever that is. */
const VALUE = 'val_loss'

/**
 * Facts in a checkpoint of fairseq: its updates, and its value under the name of the metric that its
 * configuration declares. Without that name, the value may be of any metric, so it is left out.
 */
export function readFairseqFacts(
  fields: ReadonlyMap<unknown, unknown>,
  values: Facts['values'],
): Partial<Pick<Facts, 'step' | 'values'>> {
  const history: unknown = fields.get('optimizer_history')
  if (!Array.isArray(history)) return {}
  const updates = fieldOf(history.at(-1), 'num_updates')
  const metric = fieldOf(fieldOf(fields.get('cfg'), 'checkpoint'), 'best_checkpoint_metric')
  const { [VALUE]: value, ...others } = values
  const isNamed = typeof metric === 'string' && value !== undefined
  return {
    ...(typeof updates === 'number' && Number.isSafeInteger(updates) && { step: updates }),
    values: isNamed ? { ...others, [`valid_${metric}`]: value } : others,
  }
}

function fieldOf(holder: unknown, name: string): unknown {
  return holder instanceof Map ? holder.get(name) : undefined
}
