import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { pick } from '../programsTesting.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

test("Lightning's monitor and claim are read with event files as with its table", async () => {
  const table = join(fixtures, 'lightning/version_0')
  await using folder = await temporaryFolder()
  await cp(join(fixtures, 'tensorboard/lightning'), folder.path, { recursive: true })
  await cp(join(table, 'checkpoints'), join(folder.path, 'checkpoints'), { recursive: true })
  const answers = [await pick(table), await pick(folder.path)].map((answer) => {
    const { best_step, best_metric_name, direction, declared_by, second_opinion } = answer
    return { best_step, best_metric_name, direction, declared_by, second_opinion }
  })
  expect(answers[1]).toEqual(answers[0])
  expect(answers[1]).toMatchObject({
    declared_by: expect.stringContaining('of the ModelCheckpoint'),
    second_opinion: { agrees: true },
  })
})
