import { numpy as np } from '@jax-js/jax'
import type { Tensors } from './safetensors.ts'
import type { Weights } from './model.ts'

interface AdamSizes {
  adam_beta1: number
  adam_beta2: number
  max_grad_norm: number
}

const EPSILON = 1e-8

/** Running means of gradients and of their squares, as `first.<tensor>` and `second.<tensor>`. */
export function zeroMoments(model: Tensors): Tensors {
  const moments: Tensors = {}
  for (const [name, { shape, data }] of Object.entries(model)) {
    moments[`first.${name}`] = { shape, data: new Float32Array(data.length) }
    moments[`second.${name}`] = { shape, data: new Float32Array(data.length) }
  }
  return moments
}

/** Adam's means begin at 0; these factors correct them at a step, counted from 1. */
export function adamRates(learningRate: number, step: number, sizes: AdamSizes): [number, number] {
  return [learningRate / (1 - sizes.adam_beta1 ** step), 1 / (1 - sizes.adam_beta2 ** step)]
}

/**
 * One step of Adam (Kingma and Ba, 2015, algorithm 1) on gradients clipped by their global norm.
 * Returns weights, moments and the norm before clipping. Consumes its arguments.
 */
export function adam(
  weights: Weights,
  moments: Weights,
  gradients: Weights,
  [rate, correction]: [np.Array, np.Array],
  { adam_beta1: beta1, adam_beta2: beta2, max_grad_norm }: AdamSizes,
): [weights: Weights, moments: Weights, norm: np.Array] {
  const norm = globalNorm(gradients)
  const scale = np.minimum(1, np.divide(max_grad_norm, norm.ref.add(1e-6)))
  const [nextWeights, nextMoments]: [Weights, Weights] = [{}, {}]
  for (const [name, weight] of Object.entries(weights)) {
    const [firstName, secondName] = [`first.${name}`, `second.${name}`]
    const [gradient, first, second] = [gradients[name], moments[firstName], moments[secondName]]
    if (!gradient || !first || !second) throw new Error(`The optimiser has no moments of ${name}.`)
    const clipped = gradient.mul(scale.ref)
    const nextFirst = first.mul(beta1).add(clipped.ref.mul(1 - beta1))
    const nextSecond = second.mul(beta2).add(np.square(clipped).mul(1 - beta2))
    const root = np.sqrt(nextSecond.ref.mul(correction.ref)).add(EPSILON)
    nextWeights[name] = weight.sub(nextFirst.ref.mul(rate.ref).div(root))
    nextMoments[firstName] = nextFirst
    nextMoments[secondName] = nextSecond
  }
  for (const used of [scale, rate, correction]) used.dispose()
  return [nextWeights, nextMoments, norm]
}

/** The length of all gradients as one vector. Does not consume them. */
function globalNorm(gradients: Weights): np.Array {
  const squares = Object.values(gradients).map((gradient) => np.square(gradient.ref).sum())
  return np.sqrt(squares.reduce((sum, square) => sum.add(square)))
}
