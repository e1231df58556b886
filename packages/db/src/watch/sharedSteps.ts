import type { Step } from './step.ts'

/** A step with more points than this is shared only while it is read. */
const MOST_POINTS = 4_096
/** The most steps that are kept for later readers. */
const MOST_STEPS = 64

/** Steps that several readers ask for are read once, and are the same objects for all of them. */
export class SharedSteps {
  readonly #steps = new Map<string, Promise<Step>>()

  get(key: string, read: () => Promise<Step>): Promise<Step> {
    const known = this.#steps.get(key)
    if (known) return known
    const step = read()
    this.#steps.set(key, step)
    void this.#keepOrDrop(key, step)
    return step
  }

  /** The steps led to what is no longer the present; readers that wait for one still get it. */
  clear(): void {
    this.#steps.clear()
  }

  async #keepOrDrop(key: string, step: Promise<Step>): Promise<void> {
    const isKept = await step.then(
      ({ delta }) => this.#steps.size <= MOST_STEPS && pointsOf(delta.series) <= MOST_POINTS,
      () => false,
    )
    if (!isKept && this.#steps.get(key) === step) this.#steps.delete(key)
  }
}

function pointsOf(series: Step['delta']['series']): number {
  return series.reduce((sum, { steps }) => sum + steps.length, 0)
}
