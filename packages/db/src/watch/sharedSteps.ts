import type { Step } from './step.ts'

/** A step with more points than this is shared only while it is read. */
const MOST_POINTS = 4_096
/** The most steps that are stored for later readers. */
const MOST_STEPS = 64
/**
 * How long (ms) a step is stored for later readers. It is short because a status changes with time,
 * as its ETA does.
 */
const KEPT = 1_000

interface Shared {
  step: Promise<Step>
  /** When it was read (ms of `performance.now`); Infinity until then. */
  madeAt: number
}

/** Steps that several readers request are read once, and all readers get the same objects. */
export class SharedSteps {
  readonly #steps = new Map<string, Shared>()

  get(key: string, read: () => Promise<Step>): Promise<Step> {
    this.#dropOld()
    const recent = this.#steps.get(key)
    if (recent) return recent.step
    const shared: Shared = { step: read(), madeAt: Infinity }
    this.#steps.set(key, shared)
    void this.#keepOrDrop(key, shared)
    return shared.step
  }

  /** The steps lead to an outdated state. Readers that wait for one still get it. */
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
