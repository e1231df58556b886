import { basename } from 'node:path'
import { isUri } from '@bestmark/core'
import { openBytes } from '../storedBytes.ts'
import { isLfsPointer, lfsAdvice } from '../../files/lfsPointer.ts'
import { broken, bytesAt, type ByteSource, type WeightsCheck } from './bytes.ts'
import { isGguf, checkGguf } from './gguf.ts'
import { boosterOf, checkBooster } from './boosters.ts'
import { isHdf5, checkHdf5 } from './hdf5.ts'
import { isFlaxState, checkMsgpack } from './msgpack.ts'
import { checkCompressed, isCompressed } from './compressedPickle.ts'
import { mayBePickledModel } from './pickledModel.ts'
import { isPickle, checkPickle } from './pickle.ts'
import { checkSafetensors } from './safetensors.ts'
import { torchArchive } from './torchArchive.ts'
import { isTrainingStateOnly, trainingKeys } from './trainingState.ts'
import { checkTensors } from './usable.ts'
import { mayBeTorch } from './torchName.ts'
import { isZip, checkZip } from './zip.ts'

const WEIGHTS =
  /\.(safetensors|bin|pt|pth|th|ckpt|gguf|h5|hdf5|keras|msgpack|npz|distcp|onnx|pb|ocdbt|cbm|ubj|pdparams|params|caffemodel|weights|nemo|tflite|d3)$|\.pth\.tar$|^(policy|algorithm|module)_state\.pkl$|^dict_checkpoint\.pkl$/
const NOT_WEIGHTS =
  /^(optimizer|optim_|scheduler|scaler|rng_state|random_states|training_args|trainer_state|recipe_state|extra_state|data\.pt$|evaluations\.npz$)|optim_states|_optim(izer)?\.|(^|[_-])criterion\./

/** An LFS pointer is about 130 bytes. */
const POINTER_BYTES = 1024
const HEAD = 64

/** Whether a file of this name holds weights. */
export function isWeights(name: string): boolean {
  return WEIGHTS.test(name) && !NOT_WEIGHTS.test(name)
}

/** TensorFlow's data files, which have an index. */
const TENSORFLOW = /\.data-\d{5}-of-\d{5}$/

/** Whether a file of a checkpoint holds weights. A part of a spaCy pipeline is called `model`. */
export function isWeightsAmong(path: string, names: ReadonlySet<string>): boolean {
  const name = basename(path)
  const isSpacy = name === 'model' && names.has('config.cfg') && names.has('meta.json')
  return isWeights(name) || isSpacy || TENSORFLOW.test(name)
}

/** Checks the beginning and the end of a file of weights. */
export async function checkWeights(path: string, bytes: number): Promise<WeightsCheck> {
  if (bytes === 0) return broken('weights_empty', 'is empty')
  await using file = await openBytes(path)
  // The file is closed when this returns, so the check must end before.
  return await checkOpenFile(file, path, bytes)
}

async function checkOpenFile(file: ByteSource, path: string, bytes: number): Promise<WeightsCheck> {
  const head = await bytesAt(file, 0, HEAD)
  if (bytes < POINTER_BYTES && isLfsPointer(head.toString('latin1'))) {
    const advice = isUri(path) ? 'upload the weights themselves' : await lfsAdvice(path)
    const why = `is a Git LFS pointer, not the weights; ${advice}`
    return broken('lfs_pointer', why)
  }
  // After a full disk or a power failure, a file may have its length but only zeros.
  if (head.every((byte) => byte === 0)) return broken('only_zeros', 'begins with zeros only')
  if (path.endsWith('.safetensors')) return checkSafetensors(file, bytes)
  // Torch's distributed checkpoints have one archive per tensor.
  if (isZip(head)) return checkArchive(file, path, bytes)
  if (isGguf(head)) return checkGguf(file, bytes)
  if (isHdf5(head)) return checkHdf5(file, bytes)
  if (isPickle(head)) return checkPickle(file, bytes)
  if (isFlaxState(head)) return checkMsgpack(file, bytes)
  if (mayBePickledModel(basename(path)) && isCompressed(head)) {
    // Its end is known only to who reads all of it, and an object is not downloaded for that.
    return isUri(path) ? { problem: null, ends: false } : checkCompressed(file, bytes)
  }
  const program = boosterOf(head)
  if (program) return checkBooster(file, program, bytes)
  const expected = /\.(keras|npz|gguf|h5|hdf5)$/.exec(path)?.[1]
  if (expected !== undefined) {
    return broken('wrong_format', `does not begin like a ${expected} file`)
  }
  return { problem: null, ends: false }
}

/** The keys of a file that torch saved which hold the state of a training; empty for other files. */
export async function trainingStateIn(path: string, bytes: number): Promise<string[]> {
  if (!mayBeTorch(basename(path))) return []
  await using file = await openBytes(path)
  if (!isZip(await bytesAt(file, 0, HEAD))) return []
  return trainingKeys((await torchArchive(file, bytes))?.value)
}

/** Checks an archive. For torch it also counts the tensors, and finds files with only an optimiser's state. */
async function checkArchive(file: ByteSource, path: string, bytes: number): Promise<WeightsCheck> {
  const isPiece = path.endsWith('.distcp')
  const seen = await checkZip(file, bytes, isPiece)
  if (seen.problem !== null || isPiece || !mayBeTorch(basename(path))) return seen
  const archive = await torchArchive(file, bytes)
  if (!archive?.isWhole) return seen
  const { value, tensors } = archive
  if (isTrainingStateOnly(value)) {
    return broken('only_optimizer', "contains an optimiser's state and no weights")
  }
  // Storages without any known tensor have an unknown form, so nothing can be counted.
  if (tensors.length === 0 && archive.tensorsDigest !== '') return seen
  return checkTensors(tensors.length, tensors.filter(({ shape }) => shape.includes(0)).length)
}
