import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Explanation, Selection } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, weightsOf, writeFiles, writeOutput } from '../../testing.ts'

/** The loss is lowest at 200, F1 highest at 300, WER lowest at 400, the latency grows. */
const log = [
  { step: 100, eval_loss: 3, eval_f1: 0.1, eval_latency: 0.01 },
  { step: 200, eval_loss: 1, eval_f1: 0.5, eval_latency: 0.02 },
  { step: 300, eval_loss: 2, eval_f1: 0.9, eval_latency: 0.3 },
  { step: 400, eval_loss: 2.5, eval_f1: 0.7, eval_latency: 0.4 },
]
const saves = [100, 200, 300, 400]

test('each policy picks by its options', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const picked = async (...words: string[]) => {
    const { stdout } = await command(['pick', '.', '--json', ...words], { cwd: folder.path })
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

test('--explain prints the whole explanation below the path, with files and lines', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const { stdout, code } = await command(['pick', '.', '--explain'], { cwd: folder.path })
  const [path, empty, sentence] = stdout.split('\n')
  expect([path, empty, code]).toEqual([join(folder.path, 'checkpoint-200'), '', 0])
  expect(sentence).toMatch(/^Step 200 is best: eval_loss [\d.]+, the lowest of 4 checkpoints/)
  expect(stdout).toMatch(/^Decided by: lowest eval_loss$/m)
  expect(stdout).toMatch(/^\? {2}The run does not say which metric decides/m)
  expect(stdout).toMatch(/^ +1 +200 +1 +checkpoint-200 +best.* trainer_state\.json:\d+$/m)
  expect(stdout).toMatch(
    /^ +To answer:\n.*\n +eval_f1: +bestmark pick \. --metric eval_f1 --mode max$/m,
  )
  const none = await command(['pick', '.', '--explain', '--metric', 'bleu'], { cwd: folder.path })
  expect([none.code, none.stdout]).toEqual([2, ''])
  expect(none.stderr).toMatch(/^No checkpoint can be chosen. bleu was never logged/)
})

test('with policy as_declared, --metric and --mode decide only for runs that declare nothing', async () => {
  await using folder = await temporaryFolder()
  const latency = { metric: 'eval_latency' }
  for (const [name, declared] of [
    ['undeclared', {}],
    ['declared', { metric_for_best_model: 'eval_f1', greater_is_better: true }],
    ['unread', { metric_for_best_model: latency.metric }],
  ] as const) {
    const root = join(folder.path, name)
    await writeOutput(root, { saves, log })
    const config = Object.entries({ output_dir: name, ...declared })
    const lines = config.map(([key, value]) => `${key}: ${value}\n`)
    await writeFile(join(root, 'train.yaml'), lines.join(''))
  }
  const pick = async (name: string, ...words: string[]) => {
    const policy = ['--policy', 'as_declared', '--json']
    const { stdout, code } = await command(['pick', name, ...policy, ...words], {
      cwd: folder.path,
    })
    const { best_step, error, reason } = JSON.parse(stdout)
    return { code, best_step, message: error ?? reason }
  }
  expect(await pick('undeclared', '--metric', 'eval_f1')).toMatchObject({
    code: 0,
    best_step: 300,
  })
  const other = ['--metric', latency.metric, '--mode', 'min']
  expect(await pick('undeclared', ...other)).toMatchObject({ code: 0, best_step: 100 })
  expect(await pick('declared', ...other)).toMatchObject({ code: 0, best_step: 300 })
  expect(await pick('undeclared', '--metric', 'bleu')).toMatchObject({
    code: 2,
    message: expect.stringContaining('bleu was never logged. Logged: eval_loss'),
  })
  expect(await pick('declared', '--metric', 'bleu')).toMatchObject({ code: 0, best_step: 300 })
  expect(await pick('undeclared', '--mode', 'max')).toMatchObject({
    code: 2,
    message: expect.stringContaining('a low eval_loss is better'),
  })
  expect(await pick('unread')).toMatchObject({ code: 2 })
  expect(await pick('unread', '--mode', 'min')).toMatchObject({ code: 0, best_step: 100 })
})

test('a bound on an unlogged metric exits with 2; a run without evaluations exits with 1', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(join(folder.path, 'run'), { saves, log })
  await writeOutput(join(folder.path, 'none'), { saves: [100], log: [{ step: 100, loss: 1 }] })
  const code = async (...words: string[]) =>
    (await command(['pick', ...words], { cwd: folder.path })).code
  expect(await code('run', '--subject-to', 'eval_kl<=1')).toBe(2)
  expect(await code('none', '--metric', 'bleu')).toBe(1)
})

/** Writes the table of an own loop, and weights for each of its epochs. */
async function writeTable(folder: string, head: string, rows: readonly string[]): Promise<void> {
  const weights = rows.map((_, epoch) => [`model_epoch${epoch}.safetensors`, weightsOf(epoch)])
  const table = [head, ...rows.map((row, epoch) => `${epoch},${row}`)].join('\n')
  await writeFiles(folder, { 'log.csv': `${table}\n`, ...Object.fromEntries(weights) })
}

test('if nothing tells which metric decides, each choice has its command', async () => {
  const rows = ['0.5,0.4', '0.7,0.5', '0.6,0.7']
  for (const [names, why] of [
    [['val_accuracy', 'val_f1'], 'No loss was measured'],
    [['test_bleu', 'test_chrf'], 'Only a test set was measured'],
  ] as const) {
    await using folder = await temporaryFolder()
    await writeTable(folder.path, ['epoch', ...names].join(), rows)
    const { code, stdout, stderr } = await command(['pick', '.'], { cwd: folder.path })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(`No checkpoint can be chosen. ${why}`)
    for (const [name, step] of [
      [names[0], 2],
      [names[1], 3],
    ] as const) {
      expect(stderr.replace(/\s+/g, ' ')).toContain(`${name} picks step ${step} (0.7)`)
      const words = `pick . --metric ${name} --mode max`
      expect(stderr).toContain(`bestmark ${words}`)
      const answered = await command(words.split(' '), { cwd: folder.path })
      expect(answered.stdout.split('\n')[0]).toBe(
        join(folder.path, `model_epoch${step - 1}.safetensors`),
      )
    }
  }
})

test('metrics of a table without a split are offered, since its program may have held data out', async () => {
  await using folder = await temporaryFolder()
  await writeTable(folder.path, 'epoch,accuracy,seconds', ['0.5,3', '0.7,4', '0.6,4'])
  const { code, stderr } = await command(['pick', '.'], { cwd: folder.path })
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('Logged while training: accuracy. If'),
  ])
  const { stdout } = await command(['pick', '.', '--metric', 'accuracy'], { cwd: folder.path })
  expect(stdout.split('\n')[0]).toBe(join(folder.path, 'model_epoch1.safetensors'))
})

test('--json prints the selection and the explanation', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves, log })
  const { stdout } = await command(['pick', '.', '--json'], { cwd: folder.path })
  const line = JSON.parse(stdout)
  expect(Explanation.parse({ ...line, sentence: line.reason }).question?.choices).toHaveLength(2)
  expect(Selection.shape.ranking.parse(line.ranking).map(({ path }) => path)).toEqual(
    [200, 300, 400, 100].map((step) => join(folder.path, `checkpoint-${step}`)),
  )
  expect(line.root).toBe(folder.path)
})

test('--metric may name a training series, which has its last value at each checkpoint', async () => {
  await using folder = await temporaryFolder()
  const trained = [
    { step: 90, reward: 1 },
    { step: 190, reward: 5 },
    { step: 290, reward: 3 },
  ]
  await writeOutput(folder.path, { saves: [100, 200, 300], log: trained })
  const words = ['pick', '.', '--json', '--metric', 'reward']
  const { code, stdout } = await command(words, { cwd: folder.path })
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ best_step: 200, best_metric: 5 })
})
