import { nn, numpy as np } from '@jax-js/jax'
import { normalStream, randomStream } from './random.ts'
import type { Tensors } from './safetensors.ts'

/** The sizes of a decoder-only transformer with learned positions (GPT-2's, without biases in attention). */
export interface Model {
  /** Number of characters, padded to a multiple of 16, because such widths are fast. */
  vocabulary: number
  context: number
  width: number
  heads: number
  layers: number
}

/** Tensors by name. The library's trees require a type; an interface does not fit. */
export type Weights = Record<string, np.Array>

/** The shape of each of the model's tensors, by name. */
export function tensorShapes(model: Model): Record<string, number[]> {
  const { vocabulary, context, width, layers } = model
  const shapes: Record<string, number[]> = {
    'embedding.characters': [vocabulary, width],
    'embedding.positions': [context, width],
  }
  for (let layer = 0; layer < layers; layer++) {
    Object.assign(shapes, {
      [`block.${layer}.attention.norm.scale`]: [width],
      [`block.${layer}.attention.norm.bias`]: [width],
      [`block.${layer}.attention.qkv`]: [width, 3 * width],
      [`block.${layer}.attention.out`]: [width, width],
      [`block.${layer}.mlp.norm.scale`]: [width],
      [`block.${layer}.mlp.norm.bias`]: [width],
      [`block.${layer}.mlp.up`]: [width, 4 * width],
      [`block.${layer}.mlp.up.bias`]: [4 * width],
      [`block.${layer}.mlp.down`]: [4 * width, width],
      [`block.${layer}.mlp.down.bias`]: [width],
    })
  }
  shapes['norm.scale'] = [width]
  shapes['norm.bias'] = [width]
  shapes['head'] = [width, vocabulary]
  return shapes
}

/** The first weights of a seed. */
export function initialTensors(model: Model, seed: number): Tensors {
  const normal = normalStream(randomStream(seed, 'weights'))
  const tensors: Tensors = {}
  for (const [name, shape] of Object.entries(tensorShapes(model))) {
    const data = new Float32Array(shape.reduce((product, length) => product * length, 1))
    const deviation = initialDeviation(name, model)
    if (name.endsWith('.scale')) data.fill(1)
    else if (deviation > 0) for (const at of data.keys()) data[at] = normal() * deviation
    tensors[name] = { shape, data }
  }
  return tensors
}

/** Standard deviation of a tensor's first values; smaller where it writes to the residual stream. */
function initialDeviation(name: string, { layers }: Model): number {
  if (name.endsWith('.bias')) return 0
  if (name === 'head') return 0.02
  return /\.(out|down)$/.test(name) ? 0.1 / Math.sqrt(2 * layers) : 0.1
}

/**
 * The logits of each next character, [batch * context, vocabulary], for tokens of shape
 * [batch, context]. Consumes its arguments, as all functions over arrays here do.
 */
export function logits(model: Model, weights: Weights, tokens: np.Array): np.Array {
  const { vocabulary, context, width, layers } = model
  const batch = tokens.size / context
  const tensor = (name: string) => tensorOf(weights, name)
  // A one-hot matmul, because the gradient of `take` throws inside jit.
  const picked = nn.oneHot(tokens.reshape([batch * context]), vocabulary)
  let stream = np
    .matmul(picked, tensor('embedding.characters'))
    .reshape([batch, context, width])
    .add(tensor('embedding.positions'))
    .reshape([batch * context, width])
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string) => tensor(`block.${layer}.${name}`)
    stream = stream.ref.add(attention(model, part, stream))
    stream = stream.ref.add(perceptron(part, stream))
  }
  return np.matmul(norm(stream, tensor('norm.scale'), tensor('norm.bias')), tensor('head'))
}

type Part = (name: string) => np.Array

function attention({ context, width, heads }: Model, part: Part, stream: np.Array): np.Array {
  const rows = stream.shape[0] ?? 0
  const size = width / heads
  const normal = norm(stream, part('attention.norm.scale'), part('attention.norm.bias'))
  const split = np.matmul(normal, part('attention.qkv')).reshape([-1, context, 3 * heads, size])
  const [query, key, value] = np.split(split.transpose([0, 2, 1, 3]), 3, 1)
  if (!query || !key || !value) throw new Error('Attention needs a query, a key and a value.')
  const scores = np.matmul(query, key.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(size))
  const weights = nn.softmax(scores.add(causalMask(context)), -1)
  const mixed = np.matmul(weights, value).transpose([0, 2, 1, 3]).reshape([rows, width])
  return np.matmul(mixed, part('attention.out'))
}

function perceptron(part: Part, stream: np.Array): np.Array {
  const normal = norm(stream, part('mlp.norm.scale'), part('mlp.norm.bias'))
  const hidden = nn.relu(np.matmul(normal, part('mlp.up')).add(part('mlp.up.bias')))
  return np.matmul(hidden, part('mlp.down')).add(part('mlp.down.bias'))
}

function norm(stream: np.Array, scale: np.Array, bias: np.Array): np.Array {
  return nn.standardize(stream, -1).mul(scale).add(bias)
}

/** The causal mask: 0 for this and earlier characters, nearly -∞ for later ones. */
function causalMask(context: number): np.Array {
  const isAhead = (at: number) => at % context > Math.floor(at / context)
  const mask = Float32Array.from({ length: context ** 2 }, (_, at) => (isAhead(at) ? -1e9 : 0))
  return np.array(mask).reshape([context, context])
}

/** The mean cross-entropy of the next characters in nats; both arrays are [batch, context]. */
export function meanLoss(
  model: Model,
  weights: Weights,
  tokens: np.Array,
  targets: np.Array,
): np.Array {
  const count = targets.size
  const wanted = nn.oneHot(targets.reshape([count]), model.vocabulary)
  const likelihoods = nn.logSoftmax(logits(model, weights, tokens), -1)
  return likelihoods
    .mul(wanted)
    .sum()
    .mul(-1 / count)
}

function tensorOf(weights: Weights, name: string): np.Array {
  const tensor = weights[name]
  if (!tensor) throw new Error(`The model has no tensor called ${name}.`)
  return tensor
}
