import { Opaque, type PickleMachine, setPairs, Tensor } from './plainValues.ts'

type Act = (machine: PickleMachine) => void

/** Longer texts are neither names nor options (bytes). */
const LONGEST_TEXT = 1 << 16

function take(machine: PickleMachine, length: number): Buffer {
  const { bytes, at } = machine
  if (length < 0 || at + length > bytes.length) throw new RangeError('The pickle is incomplete.')
  machine.at += length
  return bytes.subarray(at, at + length)
}

function size(machine: PickleMachine, width: number): number {
  const bytes = take(machine, width)
  return width === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, width)
}

function line(machine: PickleMachine): string {
  const end = machine.bytes.indexOf(10, machine.at)
  if (end === -1) throw new RangeError('The pickle is incomplete.')
  const text = machine.bytes.toString('utf8', machine.at, end)
  machine.at = end + 1
  return text
}

function toMark({ stack, marks }: PickleMachine): unknown[] {
  return stack.splice(marks.pop() ?? 0)
}

const push =
  (make: (machine: PickleMachine) => unknown): Act =>
  (machine) => {
    const value = make(machine)
    machine.stack.push(value)
  }

function text(width: number): Act {
  return push((machine) => {
    const bytes = take(machine, size(machine, width))
    return bytes.length > LONGEST_TEXT ? '' : bytes.toString('utf8')
  })
}

const bytes = (width: number): Act => push((machine) => take(machine, size(machine, width)))

function long(width: number): Act {
  return push((machine) => {
    const digits = take(machine, size(machine, width))
    if (digits.length > 8) return NaN
    return digits.length === 0 ? 0 : Number(signed(digits))
  })
}

function signed(digits: Buffer): bigint {
  const hex = Buffer.from(digits).reverse().toString('hex')
  return BigInt.asIntN(digits.length * 8, BigInt(`0x${hex}`))
}

const tuple = (length: number): Act =>
  push(({ stack }) => stack.splice(Math.max(0, stack.length - length)))

const recall = (width: number): Act => push((machine) => machine.memory.get(size(machine, width)))

function remember(width: number): Act {
  return (machine) => machine.memory.set(size(machine, width), machine.stack.at(-1))
}

const NUMBER_CLASS = /^(builtins|__builtin__)\.(float|int|bool|str)$/

/** The result of a call if it can be known without running it, else an Opaque. */
function called({ stack, tensors }: PickleMachine): unknown {
  const given = stack.pop()
  const name = stack.pop()
  const words = name instanceof Opaque ? name.name : ''
  const list = Array.isArray(given) ? given : []
  if (/(OrderedDict|defaultdict|Counter)$/.test(words)) return new Map()
  if (/_rebuild_tensor(_v2|_v3)?$/.test(words) && Array.isArray(list[0])) {
    const tensor = new Tensor(list[0], list[1], list[2])
    tensors.push(tensor)
    return tensor
  }
  if (/_rebuild_parameter/.test(words)) return list[0]
  if (NUMBER_CLASS.test(words) && list.length === 1) return list[0]
  if (/Path$/.test(words) && list.every((part) => typeof part === 'string')) return list.join('/')
  return new Opaque(words, given)
}

function built({ stack }: PickleMachine): void {
  const state = stack.pop()
  const object = stack.at(-1)
  if (object instanceof Opaque) object.state = state
}

function global({ stack }: PickleMachine): Opaque {
  const name = stack.pop()
  const module = stack.pop()
  return new Opaque(`${String(module)}.${String(name)}`)
}

function dictionary(machine: PickleMachine): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>()
  setPairs(made, toMark(machine))
  return made
}

function intoDictionary(machine: PickleMachine, values: readonly unknown[]): void {
  const into = machine.stack.at(-1)
  if (into instanceof Map) setPairs(into, values)
}

function intoList(machine: PickleMachine, values: readonly unknown[]): void {
  const into = machine.stack.at(-1)
  // One by one, because a call cannot take the values of a very long list as arguments.
  if (Array.isArray(into)) for (const value of values) into.push(value)
}

const nothing: Act = () => undefined

/** The effect of each opcode on plain values (CPython's Lib/pickletools.py), by its byte. */
const ACTS: readonly (readonly [code: string, act: Act])[] = [
  ['\x80', (machine) => void take(machine, 1)],
  ['\x95', (machine) => void take(machine, 8)],
  ['(', ({ marks, stack }) => void marks.push(stack.length)],
  ['0', ({ stack }) => void stack.pop()],
  ['1', (machine) => void toMark(machine)],
  ['2', push(({ stack }) => stack.at(-1))],
  ['N', push(() => null)],
  ['\x88', push(() => true)],
  ['\x89', push(() => false)],
  ['K', push((machine) => size(machine, 1))],
  ['M', push((machine) => size(machine, 2))],
  ['J', push((machine) => take(machine, 4).readInt32LE())],
  ['\x8a', long(1)],
  ['\x8b', long(4)],
  ['G', push((machine) => take(machine, 8).readDoubleBE())],
  ['F', push((machine) => Number(line(machine)))],
  ['I', push((machine) => Number(line(machine)))],
  ['X', text(4)],
  ['\x8c', text(1)],
  ['\x8d', text(8)],
  ['U', text(1)],
  ['T', text(4)],
  ['V', push(line)],
  ['B', bytes(4)],
  ['C', bytes(1)],
  ['\x8e', bytes(8)],
  ['\x96', bytes(8)],
  [']', push(() => [])],
  [')', push(() => [])],
  ['}', push(() => new Map())],
  ['\x8f', push(() => [])],
  ['l', push(toMark)],
  ['t', push(toMark)],
  ['d', push(dictionary)],
  ['\x91', push(toMark)],
  ['\x85', tuple(1)],
  ['\x86', tuple(2)],
  ['\x87', tuple(3)],
  ['a', (machine) => intoList(machine, [machine.stack.pop()])],
  ['e', (machine) => intoList(machine, toMark(machine))],
  ['\x90', (machine) => intoList(machine, toMark(machine))],
  ['s', (machine) => intoDictionary(machine, machine.stack.splice(-2))],
  ['u', (machine) => intoDictionary(machine, toMark(machine))],
  ['h', recall(1)],
  ['j', recall(4)],
  ['q', remember(1)],
  ['r', remember(4)],
  ['\x94', ({ memory, stack }) => void memory.set(memory.size, stack.at(-1))],
  ['c', push((machine) => new Opaque(`${line(machine)}.${line(machine)}`))],
  ['\x93', push(global)],
  ['Q', push(({ stack }) => stack.pop())],
  ['R', push(called)],
  ['\x81', push(called)],
  ['\x92', push((machine) => (machine.stack.pop(), called(machine)))],
  ['b', built],
  ['\x97', nothing],
  ['\x98', nothing],
]

/** The acts of `ACTS` by an opcode's byte. */
export const PLAIN_OPCODES: ReadonlyMap<number, Act> = new Map(
  ACTS.map(([code, act]) => [code.charCodeAt(0), act]),
)
