import type { Step } from './step.ts'

/** A step with more points than this is shared only while it is read. */
const MOST_POINTS = 4_096
/** The most steps that are kept for later readers. */
const MOST_STEPS = 64
/** So long (ms) a step is kept for later readers: a status changes with time, as its ETA does. */
const KEPT = 1_000

interface Shared {
  step: Promise<Step>
  /** When it was read (ms of `performance.now`); Infinity until then. */
  madeAt: number
}

/** Steps that several readers ask for are read once, and are the same objects for all of them. */
export class SharedSteps {
  readonly #steps = new Map<string, Shared>()

  get(key: string, read: () => Promise<Step>): Promise<Step> {
    this.#dropOld()
    const known = this.#steps.get(key)
    if (known) return known.step
    const shared: Shared = { step: read(), madeAt: Infinity }
    this.#steps.set(key, shared)
    void this.#keepOrDrop(key, shared)
    return shared.step
  }

  /** The steps led to what is no longer the present; readers that wait for one still get it. */
  clear(): void {
    this.#steps.clear()
  }

  #dropOld(): void {
    const oldest = performance.now() - KEPT
    for (const [key, { madeAt }] of this.#steps) if (madeAt < oldest) this.#steps.delete(key)
  }

  async #keepOrDrop(key: string, shared: Shared): Promise<void> {
    const isKept = await shared.step.then(
      ({ delta }) => this.#steps.size <= MOST_STEPS && pointsOf(delta.series) <= MOST_POINTS,
      () => false,
    )
    shared.madeAt = performance.now()
    if (!isKept && this.#steps.get(key) === shared) this.#steps.delete(key)
  }
}

function pointsOf(series: Step['delta']['series']): number {
  return series.reduce((sum, { steps }) => sum + steps.length, 0)
}
