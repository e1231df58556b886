import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import PointsNote from './PointsNote.svelte'

const textOf = (points_removed_at: number | null): string => {
  const { body } = render(PointsNote, { props: { detail: { points_removed_at } } })
  return body
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

test('the page says when raw points were removed, and what is kept', () => {
  const text = textOf(Date.UTC(2026, 0, 2))
  expect(text).toMatch(/^Raw points were removed .+\. Long curves have about 1000 points/)
  expect(text).toContain('All evaluations and checkpoints are kept.')
  expect(textOf(null)).toBe('')
})
