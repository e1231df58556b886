import { join } from 'node:path'
import { Explanation, Selection } from '@bestmark/core'
import { expect, test } from 'vitest'
import { bestmark, temporaryFolder, writeOutput } from '../testing.ts'

/** The loss is lowest at 200, F1 highest at 300, WER lowest at 400, the latency grows. */
const log = [
  { step: 100, eval_loss: 3, eval_f1: 0.1, eval_latency: 0.01 },
  { step: 200, eval_loss: 1, eval_f1: 0.5, eval_latency: 0.02 },
  { step: 300, eval_loss: 2, eval_f1: 0.9, eval_latency: 0.3 },
  { step: 400, eval_loss: 2.5, eval_f1: 0.7, eval_latency: 0.4 },
]
const saves = [100, 200, 300, 400]

test('each policy picks by what it is told', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const picked = async (...words: string[]) => {
    const { stdout } = await bestmark(['pick', '.', '--json', ...words], { cwd: folder.path })
    const { best_step, policy } = JSON.parse(stdout)
    return [policy, best_step]
  }
  expect(await picked()).toEqual(['as_declared', 200])
  expect(await picked('--metric', 'f1')).toEqual(['metric', 300])
  expect(await picked('--metric', 'mean(eval_f1, eval_f1)')).toEqual(['metric', 300])
  expect(await picked('--metric', 'f1', '--subject-to', 'eval_latency<=0.1')).toEqual([
    'metric',
    200,
  ])
  expect(await picked('--policy', 'scored', '--weights', 'age=1')).toEqual(['scored', 400])
  const within = await picked('--policy', 'within_noise', '--prefer', 'latest')
  expect(within[0]).toBe('within_noise')
})

test('--explain tells the whole explanation below the path, and files with their lines', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const { stdout, code } = await bestmark(['pick', '.', '--explain'], { cwd: folder.path })
  const [path, empty, sentence] = stdout.split('\n')
  expect([path, empty, code]).toEqual([join(folder.path, 'checkpoint-200'), '', 0])
  expect(sentence).toMatch(/^Step 200 has the lowest eval_loss of 4 checkpoints/)
  expect(stdout).toMatch(/^Decided by: lowest eval_loss; nobody declared a metric$/m)
  expect(stdout).toMatch(/^\? {2}Nobody declared what decides/m)
  expect(stdout).toMatch(/^ +1 +200 +1 +checkpoint-200 +best.* trainer_state\.json:\d+$/m)
  const none = await bestmark(['pick', '.', '--explain', '--metric', 'bleu'], { cwd: folder.path })
  expect([none.code, none.stdout]).toEqual([1, ''])
  expect(none.stderr).toMatch(/^Nothing to choose from: bleu was never logged/)
})

test('--json carries the selection and the explanation', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const { stdout } = await bestmark(['pick', '.', '--json'], { cwd: folder.path })
  const line = JSON.parse(stdout)
  expect(Explanation.parse({ ...line, sentence: line.reason }).question?.choices).toHaveLength(2)
  expect(Selection.shape.ranking.parse(line.ranking).map(({ path }) => path)).toEqual(
    [200, 300, 400, 100].map((step) => join(folder.path, `checkpoint-${step}`)),
  )
  expect(line.root).toBe(folder.path)
})
