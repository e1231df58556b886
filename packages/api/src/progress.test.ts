import { expect, test } from 'vitest'
import { type WatchRequest, boardMessageId, Progress } from './progress.ts'

const request: WatchRequest = {
  jobs: ['a', 'b'],
  series: { job_id: 'a', names: ['loss', 'lr'], ordinals: { loss: 10 } },
}

type DeltaInput = Parameters<Progress['after']>[0]

/** A delta with only the fields that progress uses. */
function delta(
  job_id: string,
  revision: number,
  ordinals: Record<string, number> = {},
): DeltaInput {
  const series = Object.entries(ordinals).map(([name, next_ordinal]) => ({ name, next_ordinal }))
  return { job_id, revision, series } as unknown as DeltaInput
}

test('a new subscriber starts with the state of each job and the requested ordinals', () => {
  expect(new Progress(request).query).toEqual({
    jobs: [
      { job_id: 'a', revision: 0 },
      { job_id: 'b', revision: 0 },
    ],
    series: { ...request.series, ordinals: { loss: 10, lr: 0 } },
  })
})

test('an interrupted subscriber continues from the last message, not from its first request', () => {
  const progress = new Progress(request)
  progress.after(delta('b', 4))
  const id = progress.after(delta('a', 7, { loss: 2 ** 32 + 5 }))
  expect(new Progress(request, id).query).toEqual({
    jobs: [
      { job_id: 'a', revision: 7 },
      { job_id: 'b', revision: 4 },
    ],
    series: { ...request.series, ordinals: { loss: 2 ** 32 + 5, lr: 0 } },
  })
})

test('a subscriber of every job continues from a revision of the board', () => {
  expect(new Progress({ jobs: 'all' }).board).toBeNull()
  expect(new Progress({ jobs: 'all', since: 7 }).board).toBe(7)
  const id = boardMessageId({ delta: delta('c', 3), board_revision: 9 })
  expect(new Progress({ jobs: 'all', since: 7 }, id).board).toBe(9)
  expect(new Progress(request, '4,7~12,0').board).toBeUndefined()
})

test('an id that no message had is refused', () => {
  for (const id of ['nonsense', '1,2~x', '-1,0~0,0', '1.5,0~0']) {
    expect(() => new Progress(request, id)).toThrow(TypeError)
  }
})
