import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { WEIGHTS_ONLY } from './unlogged.ts'

const readerAt = (root: string, cursor: string | null) =>
  WEIGHTS_ONLY.open({ root, cursor, isOver: false })

const pathsOf = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => (event.type === 'checkpoint' ? `${event.step} ${event.path}` : []))

const save = (root: string, name: string) => writeFiles(root, { [name]: torchFile({}) })

test('a run that keeps its best weights stays one history: only new files are sent', async () => {
  await using folder = await temporaryFolder()
  await save(folder.path, 'step=10-val_loss=0.9.pt')
  const first = await readerAt(folder.path, null).next()
  expect(pathsOf(first.events)).toEqual(['10 step=10-val_loss=0.9.pt'])
  await save(folder.path, 'step=20-val_loss=0.7.pt')
  await rm(join(folder.path, 'step=10-val_loss=0.9.pt'))
  const second = await readerAt(folder.path, first.cursor).next()
  expect(second.replace).toBe(false)
  expect(pathsOf(second.events)).toEqual(['20 step=20-val_loss=0.7.pt'])
  const reader = readerAt(folder.path, second.cursor)
  expect(await reader.next()).toEqual({ events: [], cursor: second.cursor, replace: false })
})

test('weights of another run replace the history, as do those of an earlier reader', async () => {
  await using folder = await temporaryFolder()
  await save(folder.path, 'step=10-val_loss=0.9.pt')
  const first = await readerAt(folder.path, null).next()
  expect((await readerAt(folder.path, 'an old cursor').next()).replace).toBe(true)
  await rm(join(folder.path, 'step=10-val_loss=0.9.pt'))
  await save(folder.path, 'step=5-val_loss=0.8.pt')
  const { replace, events } = await readerAt(folder.path, first.cursor).next()
  expect(replace).toBe(true)
  expect(pathsOf(events)).toEqual(['5 step=5-val_loss=0.8.pt'])
})
