import { PLAIN_OPCODES } from './plainOpcodes.ts'
import { type PickleMachine, setPairs, type Tensor } from './plainValues.ts'

/** What a pickle holds as plain values; `isWhole` is false where only its beginning could be read. */
export interface PlainPickle {
  value: unknown
  tensors: readonly Tensor[]
  isWhole: boolean
}

/** A pickle of more steps is read no further. */
const MOST_STEPS = 4_000_000

/**
 * Reads dictionaries, lists, texts and numbers of a pickle (protocols 2 to 5). Nothing is ever run:
 * what a program would make is an `Opaque`, and a `Tensor` where it is one. O(bytes).
 */
export function plainPickle(bytes: Buffer): PlainPickle {
  const machine: PickleMachine = {
    ...{ bytes, at: 0, stack: [], marks: [], memory: new Map<number, unknown>(), tensors: [] },
  }
  let isWhole = false
  try {
    for (let step = 0; step < MOST_STEPS && machine.at < bytes.length; step++) {
      const code = bytes[machine.at++] ?? 0
      if (code === STOP) {
        isWhole = true
        break
      }
      const act = PLAIN_OPCODES.get(code)
      if (!act) break
      act(machine)
    }
  } catch (error) {
    // A file that is cut within a value: what was read before it stands.
    if (!(error instanceof RangeError)) throw error
  }
  if (!isWhole) fold(machine)
  return { value: machine.stack[0], tensors: machine.tensors, isWhole }
}

const STOP = 0x2e

/** Puts what was begun where it would have come to, the innermost first. */
function fold({ stack, marks }: PickleMachine): void {
  while (marks.length > 0) {
    const values = stack.splice(marks.pop() ?? 0)
    const into = stack.at(-1)
    if (into instanceof Map) setPairs(into, values)
    else if (Array.isArray(into)) into.push(...values)
  }
}
