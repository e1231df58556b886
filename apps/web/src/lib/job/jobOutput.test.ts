import { expect, test } from 'vitest'
import type { LogLine } from '../api.ts'
import { JobOutput } from './jobOutput.svelte.ts'

const STORED = 1_000

const lineAt = (ordinal: number): LogLine => {
  return {
    ordinal,
    attempt: 0,
    step: null,
    at: null,
    level: 'info',
    text: `line ${ordinal}`,
    code: null,
  }
}

interface Input {
  before?: number
  after?: number
  limit?: number
  order?: string
}

/** What the board answers: up to `limit` lines from an end of the range. */
function answerTo({ before = STORED, after = -1, limit = 0, order }: Input) {
  const isOldest = order === 'oldest'
  const from = isOldest ? after + 1 : Math.max(after + 1, before - limit)
  const to = isOldest ? Math.min(before, from + limit) : before
  const lines = Array.from({ length: Math.max(0, to - from) }, (_, at) => lineAt(from + at))
  const [older, newer] = [from > 0 ? from : null, to < STORED ? to - 1 : null]
  return { lines, older, newer, first: 0, end: STORED }
}

/** A board whose answers to reads of the newest lines come when they are released. */
function slowBoard() {
  const released = Promise.withResolvers<void>()
  const query = async (input: Input) => {
    const answer = answerTo(input)
    if (input.before === undefined && input.after === undefined && input.limit !== 1)
      await released.promise
    return answer
  }
  const lastTraceback = { query: () => Promise.resolve({ ordinal: null }) }
  return { release: released.resolve, board: { logs: { query }, lastTraceback } }
}

test('a line that was jumped to stays, if an earlier read of the newest lines is answered later', async () => {
  const { board, release } = slowBoard()
  const output = new JobOutput('job', () => ({ level: null, text: '' }), board)
  const shown = output.showAround(300, true)
  output.ask()
  await shown
  release()
  await new Promise((resolve) => setTimeout(resolve))
  expect(output.lines.map(({ ordinal }) => ordinal)).toContain(300)
  expect([output.marked, output.newer, output.end]).toEqual([300, 500, STORED])
})

test('another search cancels the one that runs, and does not wait for it', async () => {
  let text = 'slow'
  const cancelled: string[] = []
  const query = (input: Input & { search?: string }, options?: { signal?: AbortSignal }) => {
    if (input.search !== 'slow') return Promise.resolve(answerTo(input))
    return new Promise<ReturnType<typeof answerTo>>((_, reject) => {
      options?.signal?.addEventListener('abort', () => {
        cancelled.push('slow')
        reject(new Error('The request was cancelled.'))
      })
    })
  }
  const lastTraceback = { query: () => Promise.resolve({ ordinal: null }) }
  const board = { logs: { query }, lastTraceback }
  const output = new JobOutput('job', () => ({ level: null, text }), board)
  output.begin()
  text = ''
  output.begin()
  await new Promise((resolve) => setTimeout(resolve))
  expect(cancelled).toEqual(['slow'])
  expect([output.isRead, output.problem, output.lines.length]).toEqual([true, '', 200])
})
