import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { openJournal, type Journal } from '../../apps/trainer/src/journal/write.ts'
import { writeRunProcess } from '../../apps/trainer/src/processes/mark.ts'
import { saveCheckpoint } from '@bestmark/char-lm'
import { writeSafetensors } from '@bestmark/char-lm'

/** Milliseconds from one step to the next. */
export const PACE = 20
/** The file to which the trainer writes how long its writes took. */
export const APPENDS = 'appends.json'

const [EVALUATE, SAVE, RESUME, BACK] = [20, 40, 300, 90]

/** How long the writes of a trainer took (ms), and its share of the planned steps. */
export const Appends = z.object({
  count: z.number(),
  median: z.number(),
  longest: z.number(),
  steps: z.number(),
  /** Steps made, as a share of the steps that its pace allows in this time. */
  share_of_schedule: z.number(),
})
export type Appends = z.infer<typeof Appends>

/**
 * Acts as a training program: it makes a step every few milliseconds and does not wait for its
 * readers.
 */
class Trainer {
  readonly #folder: string
  readonly #journal: Journal
  readonly #taken: number[] = []
  #attempt = 0
  #step = 0
  #saved = 0

  constructor(folder: string, journal: Journal) {
    this.#folder = folder
    this.#journal = journal
  }

  /** Trains until it is asked to stop; then writes how long its writes took. */
  async train(stop: AbortSignal): Promise<void> {
    const began = performance.now()
    this.#begin(null)
    let made = 0
    while (!stop.aborted) {
      this.#learn()
      made++
      // Delayed steps are not made up for, because a real training step takes its time.
      await sleep(Math.max(0, began + made * PACE - performance.now()), undefined, { signal: stop })
        // A stop request ends the wait; the loop sees it.
        .catch(() => undefined)
      if (made % RESUME === 0) this.#goBack()
    }
    const took = performance.now() - began
    this.#write({ type: 'ended', status: 'completed' })
    this.#report(made, took)
  }

  #begin(resumed_from: number | null): void {
    const declared = { metric_for_best: 'eval_loss', direction: 'min' } as const
    this.#write({ type: 'started', resumed_from, ...declared, total_steps: 1_000_000 })
  }

  #learn(): void {
    const step = ++this.#step
    const loss = step % 97 === 0 ? NaN : 1 / step + this.#attempt
    this.#write({ type: 'metrics', step, values: { loss, learning_rate: 1e-3 / step } })
    if (step % 50 === 0) this.#write({ type: 'log', level: 'info', text: `Step ${step} is done.` })
    if (step % EVALUATE === 0) this.#evaluate(step)
    if (step % SAVE === 0) this.#save(step)
  }

  /** A valley, a little lower in each attempt, with ties and some infinite values. */
  #evaluate(step: number): void {
    const depth = Math.abs(step - 300) / 1_000
    const eval_loss = step % 260 === 0 ? Infinity : 1 + depth - this.#attempt / 10_000
    this.#write({ type: 'evaluation', step, values: { eval_loss }, samples: 100 })
  }

  #save(step: number): void {
    const weights = { data: Float32Array.of(step, this.#attempt), shape: [2] }
    const model = writeSafetensors({ weights })
    const { path, bytes } = saveCheckpoint(this.#folder, step, { 'model.safetensors': model })
    this.#write({ type: 'checkpoint', step, path, bytes, files_state: 'complete' })
    this.#saved = step
  }

  /** Like a resume: repeats some steps in a new attempt. */
  #goBack(): void {
    this.#step = Math.max(0, this.#saved - BACK)
    this.#attempt++
    this.#begin(this.#step)
  }

  #write(event: TrainerEvent): void {
    const since = performance.now()
    this.#journal.append({ attempt: this.#attempt, at: Date.now(), ...event })
    this.#taken.push(performance.now() - since)
  }

  #report(steps: number, took: number): void {
    const sorted = this.#taken.sort((a, b) => a - b)
    const count = sorted.length
    const report: Appends = {
      count,
      median: sorted[count >> 1] ?? NaN,
      longest: sorted[count - 1] ?? NaN,
      steps,
      share_of_schedule: (steps * PACE) / took,
    }
    writeFileSync(join(this.#folder, APPENDS), JSON.stringify(report))
  }
}

type Event = Parameters<Journal['append']>[0]
type Without<Of> = Of extends Event ? Omit<Of, 'attempt' | 'at'> : never
type TrainerEvent = Without<Event>

async function main(folder: string, job_id: string): Promise<void> {
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  mkdirSync(folder, { recursive: true })
  writeRunProcess(folder, 0)
  const named = { name: 'soak', project: 'soak', recipe: 'soak' }
  using journal = openJournal(folder, { journal: 1, job_id, ...named })
  await new Trainer(folder, journal).train(stop.signal)
}

const [folder, job_id] = process.argv.slice(2)
// Tests import this file only for its numbers, and must not start a trainer.
if (import.meta.main && folder && job_id) await main(folder, job_id)
