import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunEvent } from './run.ts'
import { Training } from './training.ts'

/** The kinds of events that saving a checkpoint after one step gives. */
async function savedEvents(stop: AbortSignal): Promise<RunEvent['type'][]> {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-training-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const found: RunEvent['type'][] = []
  const record = ({ type }: RunEvent) => void found.push(type)
  const named = { name: 'moby', project: 'examples', attempt: 0, preset: 'quick', resume: null }
  const training = new Training({ ...named, folder, stop, record })
  training.begin()
  training.learn()
  found.length = 0
  training.save()
  return found
}

test('each checkpoint has a text that its weights wrote', async () => {
  const { signal } = new AbortController()
  expect(await savedEvents(signal)).toEqual(['evaluation', 'checkpoint', 'claim', 'sample'])
})

test('a run that is asked to stop saves its checkpoint and writes no text', async () => {
  const events = await savedEvents(AbortSignal.abort())
  expect(events).toEqual(['evaluation', 'checkpoint', 'claim'])
})
