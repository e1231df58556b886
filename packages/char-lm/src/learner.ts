import { jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax'
import type { Tensors } from './safetensors.ts'
import { adam, adamRates } from './adam.ts'
import { logits, meanLoss, type Model, type Weights } from './model.ts'
import type { Preset } from './preset.ts'
import type { Batch } from './text.ts'

/** The weights and the optimiser's moments after a step, copied out of the library's memory. */
export interface Snapshot {
  model: Tensors
  optimizer: Tensors
}

/** A model that learns: its weights, its optimiser, and the compiled functions over them. */
export class Learner {
  readonly #preset: Preset
  readonly #learn
  readonly #loss
  readonly #logits
  #weights: Weights
  #moments: Weights

  constructor(model: Model, preset: Preset, start: Snapshot) {
    this.#preset = preset
    this.#weights = toArrays(start.model)
    this.#moments = toArrays(start.optimizer)
    this.#learn = compileStep(model, preset)
    this.#loss = jit((weights: Weights, tokens: np.Array, targets: np.Array) =>
      meanLoss(model, weights, tokens, targets),
    )
    this.#logits = jit((weights: Weights, tokens: np.Array) => logits(model, weights, tokens))
  }

  /** Makes one step (counted from 1); returns the loss and the gradient's norm before clipping. */
  learn(step: number, batch: Batch, learningRate: number): { loss: number; grad_norm: number } {
    const rates = adamRates(learningRate, step, this.#preset)
    const { tokens, targets } = this.#windows(batch)
    const result = this.#learn(this.#weights, this.#moments, tokens, targets, rates)
    const [weights, moments, loss, norm] = result
    this.#weights = weights
    this.#moments = moments
    return { loss: loss.item(), grad_norm: norm.item() }
  }

  /** The mean loss of the current weights over batches of equal size. */
  loss(batches: readonly Batch[]): number {
    let sum = 0
    for (const batch of batches) {
      const { tokens, targets } = this.#windows(batch)
      sum += this.#loss(tree.ref(this.#weights), tokens, targets).item()
    }
    return sum / batches.length
  }

  /** The logits after each of `context` characters, [context × vocabulary] in row-major order. */
  logits(tokens: Int32Array<ArrayBuffer>): Float32Array {
    const window = np.array(tokens).reshape([1, this.#preset.context])
    const data = this.#logits(tree.ref(this.#weights), window).dataSync()
    if (data instanceof Float32Array) return data
    throw new Error('The model computes in 32-bit floats only.')
  }

  /** Replaces the weights by others of the same model; the optimiser's moments stay. */
  setWeights(model: Tensors): void {
    tree.dispose(this.#weights)
    this.#weights = toArrays(model)
  }

  snapshot(): Snapshot {
    return { model: toTensors(this.#weights), optimizer: toTensors(this.#moments) }
  }

  #windows({ tokens, targets }: Batch): { tokens: np.Array; targets: np.Array } {
    const shape = [this.#preset.batch_size, this.#preset.context]
    return { tokens: np.array(tokens).reshape(shape), targets: np.array(targets).reshape(shape) }
  }
}

/** Compiles one step: loss, gradient, clipping and Adam in one call. */
function compileStep(model: Model, preset: Preset) {
  const loss = (weights: Weights, tokens: np.Array, targets: np.Array) =>
    meanLoss(model, weights, tokens, targets)
  return jit(
    (
      weights: Weights,
      moments: Weights,
      tokens: np.Array,
      targets: np.Array,
      rates: [np.Array, np.Array],
    ): [Weights, Weights, np.Array, np.Array] => {
      const [value, gradients] = valueAndGrad(loss)(tree.ref(weights), tokens, targets)
      const [next, nextMoments, norm] = adam(weights, moments, gradients, rates, preset)
      return [next, nextMoments, value, norm]
    },
  )
}

function toArrays(tensors: Tensors): Weights {
  const arrays = Object.entries(tensors).map(
    ([name, { shape, data }]) => [name, np.array(data).reshape(shape)] as const,
  )
  return Object.fromEntries(arrays)
}

function toTensors(weights: Weights): Tensors {
  const tensors: Tensors = {}
  for (const [name, array] of Object.entries(weights)) {
    const data = array.ref.dataSync()
    if (!(data instanceof Float32Array)) throw new Error(`${name} does not hold 32-bit floats.`)
    tensors[name] = { shape: array.shape, data }
  }
  return tensors
}
