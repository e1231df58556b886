import { expect, test } from 'vitest'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { noProgress } from './attempts.ts'
import { savedEvents, type StoredFiles } from './savedFiles.ts'

const file = { path: 'net.pt', epoch: null, role: null, mtime: 1, size: 3 }

test('a note about a step waits until the log has reached it, and is sent once', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'net.pt': 'abc' })
  const stored: StoredFiles = {}
  const types = async (step: number | null, reached: number) => {
    const one = { ...file, step, step_note: { code: 'step_likely', text: 'N' } as const }
    const events = await savedEvents(folder.path, [one], stored, noProgress(), reached)
    return events.map(({ type }) => type)
  }
  expect(await types(10, 0)).toEqual(['checkpoint'])
  expect(await types(10, 10)).toEqual(['log'])
  expect(await types(10, 20)).toEqual([])
  expect(await types(null, 20)).toEqual(['checkpoint'])
})

test('without a note for the final step, no note is sent', async () => {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'net.pt': 'abc' })
  const stored: StoredFiles = {}
  const early = { ...file, step: 10, step_note: { code: 'step_likely', text: 'N' } as const }
  const first = await savedEvents(folder.path, [early], stored, noProgress(), 1)
  const last = await savedEvents(folder.path, [{ ...file, step: 1 }], stored, noProgress())
  expect([...first, ...last]).toMatchObject([
    { type: 'checkpoint', step: 10 },
    { type: 'checkpoint', step: 1 },
  ])
})
