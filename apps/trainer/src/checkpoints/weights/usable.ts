import { broken, WHOLE, type WeightsCheck } from './bytes.ts'

/**
 * Checks that weights have at least one tensor, and no tensor without elements. A save that did not
 * collect the parts of several processes leaves empty tensors.
 */
export function checkTensors(tensors: number, empty: number): WeightsCheck {
  if (tensors === 0) return broken('no_tensors', 'contains no tensors')
  if (empty === 0) return WHOLE
  return broken(
    'empty_tensors',
    empty === 1 ? `has 1 empty tensor of ${tensors}` : `has ${empty} empty tensors of ${tensors}`,
  )
}
