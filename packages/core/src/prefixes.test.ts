import { expect, test } from 'vitest'
import { TrainingEvent, type EventOf } from './event.ts'
import { select } from './selection/select.ts'
import { rowsFrom } from './rows.ts'
import { initialTracker, track } from './tracker.ts'

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const ODD = [NaN, Infinity, -Infinity, null]

/** A run with ties, repeats, steps out of order, attempts, and values that are not finite. */
function aRun(seed: number): EventOf<'evaluation'>[] {
  const next = random(seed)
  const pick = (count: number): number => Math.floor(next() * count)
  return Array.from({ length: 30 }, () => {
    const eval_loss = next() < 0.2 ? ODD[pick(ODD.length)] : pick(6) / 2
    const event = {
      type: 'evaluation',
      attempt: pick(2),
      step: 10 * pick(12),
      values: { eval_loss },
    }
    return TrainingEvent.parse(event) as EventOf<'evaluation'>
  })
}

test('the streaming best evaluation equals the batch selection for every prefix of every run', () => {
  for (let seed = 0; seed < 200; seed++) {
    const events = aRun(seed)
    let state = initialTracker()
    for (const [index, event] of events.entries()) {
      state = track(state, event)
      const rows = rowsFrom(events.slice(0, index + 1))
      const { best } = select({ policy: 'lowest_eval_loss', among: 'evaluations', ...rows })
      const { leader } = state.standing
      expect([seed, index, leader?.step, leader?.attempt, leader?.value]).toEqual([
        seed,
        index,
        best?.step,
        best?.attempt,
        best?.value,
      ])
    }
  }
})

test('the order in which different steps arrive changes nothing', () => {
  for (let seed = 0; seed < 100; seed++) {
    const events = aRun(seed)
    const byWeights = Map.groupBy(events, ({ attempt, step }) => `${attempt}:${step}`)
    const shuffled = [...byWeights.values()].reverse().flat()
    const best = (of: readonly TrainingEvent[]) =>
      select({ policy: 'lowest_eval_loss', among: 'evaluations', ...rowsFrom(of) }).best
    expect([seed, best(shuffled)]).toEqual([seed, best(events)])
  }
})
