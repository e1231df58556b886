import type { EventOf, TrainingEvent } from './event.ts'
import type { Measured } from '../measured.ts'

/** What the explanation of a choice needs to know of the run beside its rows. All of it may be missing. */
export interface RunContext {
  /** The training loss nearest before a step of an attempt; null where none was logged. */
  trainLoss?: (weights: { attempt: number; step: number }) => Measured
  /** Names of what was logged while training. */
  logged?: readonly string[]
  config?: Readonly<Record<string, unknown>>
  loss_unit?: EventOf<'started'>['loss_unit']
  /** Steps between saves. */
  save_steps?: number | null
  current_epoch?: number | null
  /** Whether the run goes on, so that a warning can still help. */
  alive?: boolean
  project?: string | null
}

/** The context that a run's whole history gives. */
export function contextOf(events: readonly TrainingEvent[]): RunContext {
  const losses = new LossLog()
  const logged = new Set<string>()
  const context: RunContext = { trainLoss: (weights) => losses.before(weights) }
  for (const event of events) {
    if (event.type === 'started') {
      const { config, loss_unit, save_steps, project } = event
      Object.assign(context, { loss_unit, alive: true })
      if (Object.keys(config).length > 0) context.config = config
      if (save_steps !== null) context.save_steps = save_steps
      if (project !== null) context.project = project
    }
    if (event.type === 'ended') context.alive = false
    // What was measured after training says nothing of how far the training is.
    const isTraining =
      event.type === 'metrics' || (event.type === 'evaluation' && event.scored_by === null)
    if (isTraining) {
      context.current_epoch = event.epoch ?? context.current_epoch ?? null
    }
    if (event.type !== 'metrics') continue
    for (const name of Object.keys(event.values)) logged.add(name)
    const { loss } = event.values
    if (loss !== undefined) losses.add(event, loss)
  }
  return { ...context, logged: [...logged] }
}

/** Training losses by attempt, in order of step. */
class LossLog {
  readonly #attempts = new Map<number, { step: number; loss: Measured }[]>()
  #sorted = true

  add({ attempt, step }: { attempt: number; step: number }, loss: Measured): void {
    const known = this.#attempts.get(attempt) ?? []
    this.#attempts.set(attempt, known)
    if (step < (known.at(-1)?.step ?? 0)) this.#sorted = false
    known.push({ step, loss })
  }

  /** O(log n). */
  before({ attempt, step }: { attempt: number; step: number }): Measured {
    if (!this.#sorted)
      for (const log of this.#attempts.values()) log.sort((a, b) => a.step - b.step)
    this.#sorted = true
    const log = this.#attempts.get(attempt) ?? []
    let [low, high] = [0, log.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((log[middle]?.step ?? Infinity) <= step) low = middle + 1
      else high = middle
    }
    return log[low - 1]?.loss ?? null
  }
}
