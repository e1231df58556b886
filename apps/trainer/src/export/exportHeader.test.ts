import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportHeader } from './exportHeader.ts'
import { Failure } from '../failure.ts'
import { readJournal } from '../journal/read.ts'
import { temporaryFolder } from '../testing.ts'

const HEADER = { journal: 1, job_id: randomUUID(), name: 'moby', project: 'whales', recipe: null }
const EXPORTED = { at: 1, host: 'here', root: '/runs/moby', policies: [], pinned: [] }
const STARTED = { type: 'started', attempt: 0, at: 5, total_steps: 100 }

/** The header of a file with this first line and one event. */
async function read(first: object) {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'job.jsonl')
  await writeFile(path, [first, STARTED].map((line) => `${JSON.stringify(line)}\n`).join(''))
  const header = exportHeader(path)
  const begin = readJournal(path)
  return { header, events: [...begin.events, ...readJournal(path, begin.offset).events] }
}

test('an export with a field that this version cannot read is refused, and the error names the field', async () => {
  const changed = { policy: 'by_moonlight', options: {}, by: 'ana', changed_at: 1 }
  for (const [first, field] of [
    [{ ...HEADER, exported: { ...EXPORTED, policies: [changed] } }, 'exported.policies.0.policy'],
    [{ ...HEADER, exported: { ...EXPORTED, pinned: undefined } }, 'exported.pinned'],
    [{ ...HEADER, exported: null }, 'exported'],
    [{ ...HEADER, journal: 2, exported: EXPORTED }, 'journal'],
  ] as const) {
    const refused = await read(first).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Failure)
    expect((refused as Failure).message).toContain(`"${field}" in its first line`)
  }
})

test('older names of policy options and coefficients are read', async () => {
  const change = { policy: 'scored', by: 'ana', changed_at: 1 }
  const coefficients = { eval_loss: 1, age: 0.5 }
  const older = [
    { ...change, told: { metric: 'acc', weights: coefficients } },
    { ...change, told: { prefer: 'latest' } },
  ]
  const { header } = await read({ ...HEADER, exported: { ...EXPORTED, policies: older } })
  expect(header?.exported.policies).toEqual([
    { ...change, options: { metric: 'acc', coefficients } },
    { ...change, options: { prefer: 'latest' } },
  ])
})

test('an older export has no tags and no note', async () => {
  const { header } = await read({ ...HEADER, exported: EXPORTED })
  expect(header?.exported).toMatchObject({ tags: [], note: '' })
})

test('a journal without the field "exported" is not an export', async () => {
  const { header, events } = await read(HEADER)
  expect([header, events.map(({ type }) => type)]).toEqual([undefined, ['started']])
})

test('an export is read in full, even if its header is very long', async () => {
  const pinned = Array.from({ length: 100_000 }, (_, step) => `checkpoint-${step}`)
  const { header, events } = await read({ ...HEADER, exported: { ...EXPORTED, pinned } })
  expect(header?.exported.pinned).toHaveLength(pinned.length)
  expect(events.map(({ type }) => type)).toEqual(['started'])
})
