import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../failure.ts'
import { openHandle } from './runFile.ts'

/** What a torch file says of itself, and of the Lightning callback that saved it. */
export interface TorchState {
  epoch: number | null
  /** Optimiser steps behind the weights: Lightning's global_step, nanoGPT's iter_num. */
  step: number | null
  /** Lightning's steps of training, in each of which several optimisers may have taken one. */
  batches: number | null
  /** Of HuggingFace's `training_args.bin`: whether the best checkpoint is loaded after training. */
  load_best_model_at_end: boolean | null
  /** And how long it was to be; `max_steps` is -1 where it goes by epochs. */
  num_train_epochs: number | null
  max_steps: number | null
}

/** The pickle with what is not tensors stands first in the file; so much of it is read (bytes). */
const READ = 2 << 20
/** Answers that are kept; a checkpoint is asked for at every look, and read once. */
const KEPT = 256
const known = new Map<string, TorchState>()

/** Reads what the pickle of a torch file says; undefined where there is no file to read. */
export async function readTorchState(root: string, path: string): Promise<TorchState | undefined> {
  const file = join(root, path)
  try {
    const { mtimeMs, size } = await stat(file)
    const key = `${file} ${mtimeMs} ${size}`
    const found = known.get(key) ?? stateIn(await beginningOf(file))
    if (known.size >= KEPT) known.clear()
    known.set(key, found)
    return found
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

async function beginningOf(path: string): Promise<Buffer> {
  await using file = await openHandle(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(READ), 0, READ, 0)
  return buffer.subarray(0, bytesRead)
}

/**
 * Finds single values by their keys in a pickle of protocol 2, as torch writes it uncompressed. No
 * pickle is run: it may hold any program.
 */
function stateIn(bytes: Buffer): TorchState {
  return {
    epoch: numberAfter(bytes, 'epoch'),
    step: numberAfter(bytes, 'global_step') ?? numberAfter(bytes, 'iter_num'),
    batches: numberAfter(bytes, '_batches_that_stepped'),
    load_best_model_at_end: flagAfter(bytes, 'load_best_model_at_end'),
    num_train_epochs: realAfter(bytes, 'num_train_epochs'),
    max_steps: numberAfter(bytes, 'max_steps'),
  }
}

/** Where the value of a key begins: after the key, and its number in the pickle's memory. */
function valueOf(bytes: Buffer, key: string, from = 0): number | undefined {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(key.length)
  const found = bytes.indexOf(Buffer.concat([Buffer.from('X'), length, Buffer.from(key)]), from)
  if (found === -1) return undefined
  const after = found + 5 + key.length
  const code = String.fromCharCode(bytes[after] ?? 0)
  return code === 'q' ? after + 2 : code === 'r' ? after + 5 : undefined
}

function numberAfter(bytes: Buffer, key: string): number | null {
  const at = valueOf(bytes, key)
  if (at === undefined || at + 5 > bytes.length) return null
  const code = String.fromCharCode(bytes[at] ?? 0)
  if (code === 'K') return bytes.readUInt8(at + 1)
  if (code === 'M') return bytes.readUInt16LE(at + 1)
  if (code === 'J') return bytes.readInt32LE(at + 1)
  return null
}

/** A number that need not be whole; steps and counts do. */
function realAfter(bytes: Buffer, key: string): number | null {
  const at = valueOf(bytes, key)
  const isReal = at !== undefined && bytes[at] === 'G'.charCodeAt(0) && at + 9 <= bytes.length
  return isReal ? bytes.readDoubleBE(at + 1) : numberAfter(bytes, key)
}

function flagAfter(bytes: Buffer, key: string): boolean | null {
  const at = valueOf(bytes, key)
  const code = at === undefined ? undefined : bytes[at]
  return code === 0x88 ? true : code === 0x89 ? false : null
}
