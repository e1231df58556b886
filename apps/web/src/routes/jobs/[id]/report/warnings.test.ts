import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import type { LogLine } from '#lib/api.ts'
import Warnings from './Warnings.svelte'

function line(ordinal: number, level: LogLine['level'], text: string): LogLine {
  return { ordinal, attempt: 0, step: null, at: null, level, text, code: null }
}

test('a report prints the warnings of its run’s log, and nothing if there are none', () => {
  const gap = line(1, 'warning', 'Missing from here on: 30 calls with metrics.')
  const { body } = render(Warnings, { props: { warnings: [gap] } })
  expect(body).toContain(gap.text)
  expect(render(Warnings, { props: { warnings: [] } }).body).not.toContain('Warnings')
})

test('if there are many warnings, a report prints the newest and counts the others', () => {
  const warnings = Array.from({ length: 25 }, (_, at) => line(at, 'warning', `warning ${at}.`))
  const { body } = render(Warnings, { props: { warnings } })
  expect(body).toContain('warning 24.')
  expect(body).not.toContain('warning 4.')
  expect(body).toContain('5 earlier ones')
})
