/** An object that only a program could make: its class or function, and the arguments. */
export class Opaque {
  readonly name: string
  readonly given: unknown
  state: unknown = null

  constructor(name: string, given: unknown = null) {
    this.name = name
    this.given = given
  }
}

/** A tensor in a pickle: its storage and shape. */
export class Tensor {
  readonly key: string
  readonly storage: string
  readonly offset: number
  readonly shape: readonly number[]

  constructor(storage: readonly unknown[], offset: unknown, shape: unknown) {
    this.storage = storage[1] instanceof Opaque ? storage[1].name : ''
    this.key = String(storage[2])
    this.offset = Number(offset)
    this.shape = Array.isArray(shape) ? shape.map(Number) : []
  }
}

/** The state while a pickle is read. */
export interface PickleMachine {
  bytes: Buffer
  at: number
  stack: unknown[]
  marks: number[]
  memory: Map<number, unknown>
  tensors: Tensor[]
}

/** Sets pairs from a list of alternating keys and values. */
export function setPairs(into: Map<unknown, unknown>, values: readonly unknown[]): void {
  for (let at = 0; at + 1 < values.length; at += 2) into.set(values[at], values[at + 1])
}
