import { broken, WHOLE, type WeightsCheck } from './bytes.ts'

/**
 * Whole weights that can also be loaded: at least one tensor, and none without elements, as a save
 * leaves them that did not gather what several processes hold.
 */
export function checkTensors(tensors: number, empty: number): WeightsCheck {
  if (tensors === 0) return broken('holds no tensor')
  if (empty === 0) return WHOLE
  return broken(
    empty === 1 ? `has 1 empty tensor of ${tensors}` : `has ${empty} empty tensors of ${tensors}`,
  )
}
