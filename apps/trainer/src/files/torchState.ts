import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../failure.ts'
import { openHandle } from './runFile.ts'

/** Values from a torch file about its training. */
export interface TorchState {
  epoch: number | null
  /** Optimiser steps of the weights: Lightning's global_step, nanoGPT's iter_num. */
  step: number | null
  /** Lightning's training steps; several optimisers may make a step in each. */
  batches: number | null
  /** From HuggingFace's `training_args.bin`: whether the best checkpoint is loaded after training. */
  load_best_model_at_end: boolean | null
  /** From the same file: the planned length; `max_steps` is -1 if the epochs decide. */
  num_train_epochs: number | null
  max_steps: number | null
}

/** How many bytes are read. The pickle with all values except tensors is first in the file. */
const READ = 2 << 20
/** How many results are cached, because each check asks for every checkpoint again. */
const KEPT = 256
const cached = new Map<string, TorchState>()

/** Reads values from the pickle of a torch file; undefined if the file cannot be read. */
export async function readTorchState(root: string, path: string): Promise<TorchState | undefined> {
  const file = join(root, path)
  try {
    const { mtimeMs, size } = await stat(file)
    const key = `${file} ${mtimeMs} ${size}`
    const found = cached.get(key) ?? stateIn(await beginningOf(file))
    if (cached.size >= KEPT) cached.clear()
    cached.set(key, found)
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
 * Finds single values by their keys in an uncompressed pickle of protocol 2, as torch writes it. The
 * pickle is never run, because it may contain any program.
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

/** The offset of a key's value: after the key and its number in the pickle's memory. */
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

/** A number that may have a fraction, unlike steps and counts. */
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
