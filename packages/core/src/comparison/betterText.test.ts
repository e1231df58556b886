import { expect, test } from 'vitest'
import type { BetterCheckpoint } from './better.ts'
import { betterText } from './betterText.ts'

const better = {
  ...{ job_id: 'j', name: 'moby-2', alive: false, by: 0.25, noise: null },
  ...{ is_within_noise: false, is_data_unknown: false },
  checkpoint: { step: 500 } as BetterCheckpoint['checkpoint'],
} satisfies BetterCheckpoint
const noise = { standard_error: 0.5 } as BetterCheckpoint['noise']
const text = (change: Partial<BetterCheckpoint> = {}, direction: 'min' | 'max' = 'min') =>
  betterText({ ...better, ...change }, direction, (value) => value.toFixed(2))

const FIRST = 'A better one exists: step 500 of moby-2, 0.25 lower.'

test('a better checkpoint is named with its difference, in the direction of the metric', () => {
  expect(text()).toBe(FIRST)
  expect(text({}, 'max')).toBe('A better one exists: step 500 of moby-2, 0.25 higher.')
})

test('what makes the comparison less certain is said', () => {
  expect(text({ noise, is_within_noise: true })).toBe(`${FIRST} The noise (±0.50) may explain it.`)
  expect(text({ noise })).toBe(FIRST)
  expect(text({ is_data_unknown: true })).toBe(
    `${FIRST} It is unknown whether both were evaluated on the same data.`,
  )
  expect(text({ alive: true })).toBe(`${FIRST} That run is still running.`)
})
