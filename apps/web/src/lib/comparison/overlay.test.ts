import { expect, test } from 'vitest'
import { lineStyle } from './colours.ts'
import { prepareOverlay, type OverlaidRun } from './overlay.ts'

const SIZE = { width: 400, log: false }

function run(job_id: string, values: number[], best: number | null, is_best = false): OverlaidRun {
  const checkpoint = { checkpoint_id: null, attempt: 0, epoch: null, path: null, score: null }
  const found = { ...checkpoint, value: 1, eval_loss: null, origin: null }
  return {
    run: { job_id, name: job_id, is_best, best: best === null ? null : { ...found, step: best } },
    curve: {
      steps: Float64Array.from(values, (_, at) => 10 * (at + 1)),
      values: Float64Array.from(values),
    },
    style: lineStyle(0),
  }
}

test('the ring of each run is on its own curve at its best step', () => {
  const { lines } = prepareOverlay([run('a', [3, 2, 4], 20), run('b', [5, 1], 20)], SIZE)
  expect(lines.map(({ ring }) => [ring?.x, ring?.y])).toEqual([
    [20, 2],
    [20, 1],
  ])
})

test('a run without a best, or whose best has no value in this metric, has no ring', () => {
  const { lines } = prepareOverlay(
    [run('a', [3, 2], null), run('b', [3, 2], 999), run('c', [3, NaN], 20)],
    SIZE,
  )
  expect(lines.map(({ ring }) => ring)).toEqual([null, null, null])
})

test('the axes include all runs, and the best is drawn last', () => {
  const { lines, x, y } = prepareOverlay(
    [run('best', [1], 10, true), run('long', [9, 8, 7], 30)],
    SIZE,
  )
  expect(lines.map(({ job_id }) => job_id)).toEqual(['long', 'best'])
  expect(x).toEqual([10, 30])
  expect(y[0]).toBeLessThan(1)
  expect(y[1]).toBeGreaterThan(9)
})

test('NaN is a gap in the line; a logarithmic axis counts the values that it cannot show', () => {
  const nan = prepareOverlay([run('a', [NaN, NaN], null)], SIZE)
  expect(nan.lines[0]).toMatchObject({ segments: [], last: null })
  expect(nan.lines[0]?.gaps.length).toBeGreaterThan(0)
  const log = prepareOverlay([run('a', [0, 1, 2], 10)], { width: 400, log: true })
  expect([log.hidden, log.lines[0]?.ring]).toEqual([1, null])
})

test('without points the picture is empty', () => {
  expect(prepareOverlay([], SIZE)).toMatchObject({ lines: [], x: [0, 1], y: [0, 1] })
})

test('the lines of many runs have fewer points, and keep their extremes and their best', () => {
  const values = Array.from({ length: 4_000 }, (_, at) => (at === 777 ? 9 : Math.sin(at)))
  const runs = Array.from({ length: 20 }, (_, at) => run(`${at}`, values, 7_780))
  const { lines } = prepareOverlay(runs, SIZE)
  for (const { segments, ring } of lines) {
    expect(segments.flat().length).toBeLessThan(values.length / 5)
    expect(Math.max(...segments.flat().map(({ y }) => y))).toBe(9)
    expect(ring?.y).toBe(9)
  }
})
