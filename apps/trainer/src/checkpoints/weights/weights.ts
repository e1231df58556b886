import type { FileHandle } from 'node:fs/promises'
import { openHandle } from '../../files/runFile.ts'
import { isLfsPointer } from '../../files/lfsPointer.ts'
import { broken, bytesAt, type WeightsSeen } from './bytes.ts'
import { isGguf, lookAtGguf } from './gguf.ts'
import { isHdf5, lookAtHdf5 } from './hdf5.ts'
import { isPickle, lookAtPickle } from './pickle.ts'
import { lookAtSafetensors } from './safetensors.ts'
import { isZip, lookAtZip } from './zip.ts'

const WEIGHTS =
  /\.(safetensors|bin|pt|pth|ckpt|gguf|h5|hdf5|keras|msgpack|npz|distcp|onnx|pb|ocdbt)$/
const NOT_WEIGHTS =
  /^(optimizer|scheduler|scaler|rng_state|random_states|training_args|trainer_state)|optim_states/
/** An LFS pointer is about 130 bytes. */
const POINTER_BYTES = 1024
const HEAD = 64

/** Whether a file of this name holds weights. */
export function isWeights(name: string): boolean {
  return WEIGHTS.test(name) && !NOT_WEIGHTS.test(name)
}

/** Looks at the beginning and the end of a file of weights, whatever its length. */
export async function lookAtWeights(path: string, bytes: number): Promise<WeightsSeen> {
  if (bytes === 0) return broken('it is empty')
  await using file = await openHandle(path)
  // The file is closed when this returns, so the look must be over by then.
  return await lookInside(file, path, bytes)
}

async function lookInside(file: FileHandle, path: string, bytes: number): Promise<WeightsSeen> {
  const head = await bytesAt(file, 0, HEAD)
  if (bytes < POINTER_BYTES && isLfsPointer(head.toString('latin1'))) {
    return broken('it is a Git LFS pointer, not the weights')
  }
  // A disk that was full, or lost its power, leaves a file's length and none of its bytes.
  if (head.every((byte) => byte === 0)) return broken('it begins with nothing but zeros')
  if (path.endsWith('.safetensors')) return lookAtSafetensors(file, bytes)
  // Torch's distributed checkpoints hold an archive a tensor.
  if (isZip(head)) return lookAtZip(file, bytes, path.endsWith('.distcp'))
  if (isGguf(head)) return lookAtGguf(file, bytes)
  if (isHdf5(head)) return lookAtHdf5(file, bytes)
  if (isPickle(head)) return lookAtPickle(file, bytes)
  const expected = /\.(keras|npz|gguf|h5|hdf5)$/.exec(path)?.[1]
  if (expected !== undefined) return broken(`it does not begin as a ${expected} file does`)
  return { why: null, ends: false }
}
