import { expect, test } from 'vitest'
import type { LogLine } from '../api.ts'
import { NEWEST, readLogs } from './jobLogs.ts'

function lines(count: number, rare: Record<number, LogLine['level']>): LogLine[] {
  return Array.from({ length: count }, (_line, ordinal) => {
    const level = rare[ordinal] ?? 'info'
    return { ordinal, attempt: 0, step: ordinal, at: null, level, text: '' }
  })
}

function reader(all: LogLine[]): Parameters<typeof readLogs>[0] {
  return async ({ level, limit }) =>
    all.filter((one) => !level || one.level === level).slice(-limit)
}

test('samples, errors and warnings are read beyond the newest lines, each once and in order', async () => {
  const rare = { 1: 'sample', 2: 'error', 3: 'warning', 1000: 'error' } as const
  const read = await readLogs(reader(lines(2_000, rare)))
  expect(read.cut).toBe(true)
  expect(read.lines.slice(0, 4).map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 1000])
  expect(read.lines).toHaveLength(NEWEST + 4)
})

test('a short log is whole', async () => {
  const read = await readLogs(reader(lines(3, { 1: 'error' })))
  expect(read).toMatchObject({
    cut: false,
    lines: [{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }],
  })
})
