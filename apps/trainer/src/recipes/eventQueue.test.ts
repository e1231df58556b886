import { JOURNAL } from '@bestmark/core'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readJournal } from '../journal/read.ts'
import { openJournal } from '../journal/write.ts'
import { EventQueue } from './eventQueue.ts'
import { smallDisk } from './testing.ts'

test('while the disk is full events wait in memory, and are then written once and in order', ({
  skip,
}) => {
  using disk = smallDisk()
  if (!disk) return skip('only a user who may mount a small file system can fill one')
  const header = { name: 'full', project: 'tests', recipe: '' }
  using journal = openJournal(disk.path, { journal: 1, job_id: crypto.randomUUID(), ...header })
  const events = new EventQueue(journal)
  const ballast = join(disk.path, 'ballast')
  const steps = Array.from({ length: 600 }, (_, index) => index + 1)
  const train = (from: number, to: number): void => {
    for (const step of steps.slice(from, to)) {
      events.add({ type: 'metrics', attempt: 2, step, values: { loss: 1 / step } })
    }
  }
  train(0, 100)
  expect(events.isEmpty).toBe(true)
  expect(() => writeFileSync(ballast, new Uint8Array(1 << 17))).toThrow('ENOSPC')
  train(100, 500)
  expect(events.isEmpty).toBe(false)
  rmSync(ballast)
  train(500, 600)
  expect(events.isEmpty).toBe(true)
  const { events: logged } = readJournal(join(disk.path, JOURNAL))
  const read = logged.flatMap((event) => (event.type === 'metrics' ? [event.step] : []))
  expect(read).toEqual(steps)
  const warnings = logged.filter((event) => event.type === 'log')
  expect(warnings).toMatchObject([{ level: 'warning', attempt: 2 }])
  expect(warnings[0]?.text).toMatch(/^The disk of this run was full for \d+ s\. \d+ events waited/)
})
