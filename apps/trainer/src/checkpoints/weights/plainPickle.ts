import { PLAIN_OPCODES } from './plainOpcodes.ts'
import { type PickleMachine, setPairs, type Tensor } from './plainValues.ts'

/** The plain values of a pickle; `isWhole` is false if only its beginning could be read. */
export interface PlainPickle {
  value: unknown
  tensors: readonly Tensor[]
  isWhole: boolean
}

/** How many opcodes are read. */
const MOST_STEPS = 4_000_000

/**
 * Reads dictionaries, lists, texts and numbers of a pickle (protocols 2 to 5). Nothing is run: other
 * objects become an `Opaque`, and tensors a `Tensor`. O(bytes).
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
    // The file ends within a value; the values before it are kept.
    if (!(error instanceof RangeError)) throw error
  }
  if (!isWhole) fold(machine)
  return { value: machine.stack[0], tensors: machine.tensors, isWhole }
}

const STOP = 0x2e

/** Completes unfinished lists and dictionaries, the innermost first. */
function fold({ stack, marks }: PickleMachine): void {
  while (marks.length > 0) {
    const values = stack.splice(marks.pop() ?? 0)
    const into = stack.at(-1)
    if (into instanceof Map) setPairs(into, values)
    else if (Array.isArray(into)) into.push(...values)
  }
}
