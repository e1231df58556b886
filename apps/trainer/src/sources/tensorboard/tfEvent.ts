import { setOwn } from '@bestmark/core'
import { CutShort, Message } from '../../files/protobuf.ts'

/** One number of an event file. */
interface Scalar {
  tag: string
  value: number
}

/** An event with its numbers. Texts, images and histograms are ignored. */
export interface TfEvent {
  /** Seconds since 1970. */
  wall_time: number
  step: number
  scalars: Scalar[]
}

/** A value of TensorBoard's hparams plugin. */
type Hyperparameter = number | string | boolean

/** Types of tensors (DataType in tensorflow/core/framework/types.proto). */
const [FLOAT, DOUBLE] = [1, 2]

/**
 * Parses the numbers in one record of an event file (tensorflow/core/util/event.proto). Undefined if
 * the record is cut.
 */
export function parseEvent(bytes: Buffer, from: number, to: number): TfEvent | undefined {
  try {
    return readEvent(bytes, from, to)
  } catch (error) {
    if (error instanceof CutShort) return undefined
    throw error
  }
}

/** The tag with which the hparams plugin starts a session. */
const SESSION = '_hparams_/session_start_info'

/**
 * Parses the hyperparameters in one record of an event file (tensorboard/plugins/hparams), by name.
 * Undefined if there are none.
 */
export function parseHyperparameters(
  bytes: Buffer,
  from: number,
  to: number,
): Record<string, Hyperparameter> | undefined {
  if (!bytes.subarray(from, to).includes(SESSION)) return undefined
  try {
    return readHyperparameters(new Message(bytes, from, to))
  } catch (error) {
    if (error instanceof CutShort) return undefined
    throw error
  }
}

function readHyperparameters(event: Message): Record<string, Hyperparameter> {
  const found: Record<string, Hyperparameter> = {}
  // Event.summary, Summary.value, Value.metadata, .plugin_data, .content, .session_start_info, .hparams
  walk(event, [5, 1, 9, 1, 2, 3, 1], (entry) => {
    let [name, value] = ['', undefined as Hyperparameter | undefined]
    while (entry.next()) {
      if (entry.field === 1) name = entry.text()
      else if (entry.field === 2) value = protobufValue(entry.inner())
      else entry.skip()
    }
    if (value !== undefined) setOwn<Hyperparameter>(found, name, value)
  })
  return found
}

/** Visits each message at a path of fields. */
function walk(message: Message, [field, ...path]: readonly number[], visit: (at: Message) => void) {
  if (field === undefined) return visit(message)
  while (message.next()) {
    if (message.field === field) walk(message.inner(), path, visit)
    else message.skip()
  }
}

/** A google.protobuf.Value; undefined for nothing, lists and objects. */
function protobufValue(value: Message): Hyperparameter | undefined {
  let found: Hyperparameter | undefined
  while (value.next()) {
    if (value.field === 2) found = value.double()
    else if (value.field === 3) found = value.text()
    else if (value.field === 4) found = value.varint() === 1
    else value.skip()
  }
  return found
}

function readEvent(bytes: Buffer, from: number, to: number): TfEvent {
  const message = new Message(bytes, from, to)
  const event: TfEvent = { wall_time: 0, step: 0, scalars: [] }
  while (message.next()) {
    if (message.field === 1) event.wall_time = message.double()
    else if (message.field === 2) event.step = message.signed()
    else if (message.field === 5) readSummary(bytes, message.inner(), event.scalars)
    else message.skip()
  }
  return event
}

function readSummary(bytes: Buffer, summary: Message, scalars: Scalar[]): void {
  while (summary.next()) {
    if (summary.field !== 1) {
      summary.skip()
      continue
    }
    const value = summary.inner()
    let [tag, number] = ['', undefined as number | undefined]
    while (value.next()) {
      if (value.field === 1) tag = value.text()
      else if (value.field === 2) number = value.float()
      else if (value.field === 8) number = tensorScalar(bytes, value.inner())
      else value.skip()
    }
    if (number !== undefined) scalars.push({ tag, value: number })
  }
}

/** The number in a tensor with one element; undefined for any other tensor. */
function tensorScalar(bytes: Buffer, tensor: Message): number | undefined {
  let [type, found] = [0, undefined as number | undefined]
  while (tensor.next()) {
    if (tensor.field === 1) type = tensor.varint()
    else if (tensor.field === 4 || tensor.field === 5 || tensor.field === 6) {
      const [from, to] = tensor.span()
      if (type === FLOAT && to - from === 4) found = bytes.readFloatLE(from)
      else if (type === DOUBLE && to - from === 8) found = bytes.readDoubleLE(from)
    } else tensor.skip()
  }
  return found
}
