import { expect, test } from 'vitest'
import { EndCause, EndCode, isFailure } from './endCause.ts'
import { endCauseText } from './endCauseText.ts'

test('each cause has words of its own, and says who cancelled and what is inferred', () => {
  const texts = EndCode.options.map((code) => endCauseText(EndCause.parse({ code })))
  expect(new Set(texts).size).toBe(EndCode.options.length)
  expect(endCauseText(EndCause.parse({ code: 'deadline' }))).toBe('Slurm ended it at its deadline.')
  const inferred = EndCause.parse({ code: 'cancelled', by: 'ana', is_inferred: true })
  expect(endCauseText(inferred)).toBe('It was cancelled in Slurm by ana, as it seems.')
})

test('only memory and nodes make a run fail; the other causes stop it', () => {
  const failures = EndCode.options.filter((code) => isFailure(EndCause.parse({ code })))
  expect(failures).toEqual(['out_of_memory', 'node_failed', 'boot_failed'])
})
