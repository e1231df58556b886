import { rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, writeOutput } from '../../testing.ts'

const losses = (...rows: [step: number, eval_loss: number][]) =>
  rows.map(([step, eval_loss]) => ({ step, epoch: step / 1000, eval_loss }))

const log = losses([100, 2], [200, 1.0], [300, NaN], [400, 0.8])

async function pickJson(words: string[], cwd: string) {
  const { stdout, stderr, code } = await command(['pick', '--json', ...words], { cwd })
  expect(stderr).toBe('')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { code, lines, line: lines[0] }
}

test('the best existing checkpoint is printed with one sentence of reason', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100, 200, 300, 400], log })
  const { stdout, code } = await command(['pick', '.'], { cwd: folder.path })
  const [path, why] = stdout.split('\n')
  expect(path).toBe(join(folder.path, 'checkpoint-400'))
  expect(why).toBe(
    'Step 400 is best: eval_loss 0.8, the lowest of 3 checkpoints. Next is step 200 (+0.2). The run does not say which metric decides.',
  )
  expect(code).toBe(0)
})

test('--json prints a line per path in the given order, with NaN as a string', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(join(folder.path, 'b'), { saves: [100, 200, 300, 400], log })
  const { lines, code } = await pickJson(['nowhere', 'b'], folder.path)
  expect(lines[0]).toEqual({
    path: 'nowhere',
    error: `There is no ${join(folder.path, 'nowhere')}.`,
  })
  expect(lines[1]).toMatchObject({
    path: 'b',
    best_checkpoint_path: join(folder.path, 'b/checkpoint-400'),
    best_step: 400,
    best_metric: 0.8,
    best_metric_name: 'eval_loss',
    direction: 'min',
    policy: 'as_declared',
    runner_up: { step: 200, path: join(folder.path, 'b/checkpoint-200') },
    missed_best: null,
    second_opinion: null,
  })
  expect(lines[1].skipped).toMatchObject([
    { step: 300, reason: 'not_finite', text: 'eval_loss is NaN at step 300' },
  ])
  expect(Object.keys(lines[1])).toEqual([
    'path',
    'best_checkpoint_path',
    'best_step',
    'best_metric',
    'best_metric_name',
    'direction',
    'policy',
    'declared_by',
    'reason',
    'runner_up',
    'margin',
    'missed_best',
    'skipped',
    'second_opinion',
    'near_ties',
    'nothing_to_choose',
    'policy_version',
    'prefer',
    'root',
    'ranking',
    'decided',
    'basis',
    'notes',
    'readings',
    'loss_turn',
    'winners',
    'question',
    'warnings',
    'reader_notes',
    'config',
    'environment',
    'slurm',
  ])
  expect(code).toBe(2)
})

test('with more evaluations than saves, the best that the trainer recorded may be stale', async () => {
  await using folder = await temporaryFolder()
  const state = {
    best_metric: 0.5,
    best_model_checkpoint: '/elsewhere/checkpoint-200',
    best_global_step: 300,
  }
  await writeOutput(folder.path, {
    saves: [200, 400],
    log: losses([100, 2], [200, 1], [300, 0.5], [400, 0.8]),
    state,
  })
  const { line } = await pickJson(['.'], folder.path)
  expect(line).toMatchObject({
    best_step: 400,
    missed_best: { step: 300, value: 0.5 },
    second_opinion: { agrees: false, because: 'stale_pointer' },
  })
  const refused = await command(['pick', '.', '--fail-on-disagreement'], { cwd: folder.path })
  expect(refused.code).toBe(3)
})

test('checkpoints with cut, empty or removed files cannot be shipped', async () => {
  await using folder = await temporaryFolder()
  const at = (...parts: string[]) => join(folder.path, ...parts)
  const rows = losses([100, 0.1], [200, 0.2], [300, 0.3], [400, 0.4], [500, 0.5], [600, 0.6])
  await writeOutput(folder.path, { saves: [100, 200, 300, 400, 500, 600], log: rows })
  await rm(at('checkpoint-100'), { recursive: true })
  await writeFile(at('checkpoint-200/checkpoint-is-incomplete.txt'), '')
  await truncate(at('checkpoint-300/model.safetensors'), 0)
  await rm(at('checkpoint-400/trainer_state.json'))
  await writeFile(
    at('checkpoint-500/model.safetensors'),
    'version https://git-lfs.github.com/spec/v1\n',
  )
  const { line } = await pickJson(['.'], folder.path)
  expect(line).toMatchObject({ best_step: 600, missed_best: { step: 100 } })
  expect(
    line.skipped.map(({ step, reason, text }: Record<string, unknown>) => [step, reason, text]),
  ).toEqual([
    [
      200,
      'broken',
      'the files of checkpoint-200 are broken: its save was cut short (eval_loss 0.2)',
    ],
    [
      300,
      'broken',
      'the files of checkpoint-300 are broken: model.safetensors is empty (eval_loss 0.3)',
    ],
    [
      400,
      'broken',
      'the files of checkpoint-400 are broken: trainer_state.json is missing: its save was cut short (eval_loss 0.4)',
    ],
    [
      500,
      'broken',
      'the files of checkpoint-500 are broken: model.safetensors is a Git LFS pointer, not the weights; download the file itself (eval_loss 0.5)',
    ],
  ])
})

test('without a state file in the root, the checkpoint of the highest step has the history', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100, 200, 400], log, root: false })
  expect((await pickJson(['.'], folder.path)).line).toMatchObject({ best_step: 400 })
})

test('a resumed run keeps the evaluations of different weights apart', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, {
    saves: [100, 200, 300],
    log: losses([100, 2], [200, 1], [300, 0.1]),
    root: false,
  })
  await rm(join(folder.path, 'checkpoint-300'), { recursive: true })
  await writeOutput(folder.path, { saves: [300], log: losses([100, 2], [200, 0.5], [300, 0.9]) })
  const { line } = await pickJson(['.'], folder.path)
  expect(line).toMatchObject({
    best_step: 300,
    best_metric: 0.9,
    missed_best: { step: 200, attempt: 1 },
  })
  expect(line.runner_up).toMatchObject({ step: 200, value: 1, attempt: 0 })
})

test('--metric and --mode are used; --mode is required if the direction is unknown', async () => {
  await using folder = await temporaryFolder()
  const rows = [
    { step: 100, eval_loss: 1, eval_zorp: 5 },
    { step: 200, eval_loss: 2, eval_zorp: 9 },
  ]
  await writeOutput(folder.path, { saves: [100, 200], log: rows })
  const pick = (...words: string[]) => command(['pick', '.', ...words], { cwd: folder.path })
  expect((await pick('--metric', 'eval_zorp', '--mode', 'max')).stdout).toContain('checkpoint-200')
  expect(await pick('--metric', 'eval_zorp')).toMatchObject({ code: 2, stdout: '' })
  expect(await pick('--metric', 'eval_f1')).toMatchObject({ code: 2, stdout: '' })
})

test('a single state file ranks its evaluations, and exits with 1 without any', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [], log })
  const file = join(folder.path, 'trainer_state.json')
  expect((await pickJson([file], folder.path)).line).toMatchObject({
    best_step: 400,
    best_checkpoint_path: null,
  })
  await writeOutput(folder.path, { saves: [], log: [{ step: 10, loss: 1 }] })
  expect(await pickJson([file], folder.path)).toMatchObject({ code: 1, line: { best_step: null } })
})

test('wrong words and wrong files are named, and the exit code is 2', async () => {
  await using folder = await temporaryFolder()
  const run = (...words: string[]) => command(words, { cwd: folder.path })
  await writeFile(
    join(folder.path, 'trainer_state.json'),
    'version https://git-lfs.github.com/spec/v1\noid x\n',
  )
  await writeFile(join(folder.path, 'broken.json'), '{"log_history": [')
  await writeFile(join(folder.path, 'other.json'), '{"log_history": 3}')
  for (const [words, message] of [
    [['pick'], 'PATH is missing: the folder of a run'],
    [['pick', '.', '--mode', 'up'], '--mode must be min or max; got "up"'],
    [['pick', '.', '--zorp'], '--zorp'],
    [['pick', 'trainer_state.json'], 'is a Git LFS pointer'],
    [['pick', 'broken.json'], 'is not valid JSON'],
    [['pick', 'other.json'], 'is not a valid trainer state'],
    [['zorp'], 'Unknown command "zorp"'],
  ] as const) {
    const { code, stderr, stdout } = await run(...words)
    expect(stderr).toContain(message)
    expect([code, stdout]).toEqual([2, ''])
  }
})

test('rows with invalid steps or counts are skipped, and the other rows are used', async () => {
  await using folder = await temporaryFolder()
  const rows = losses([100, 2], [200, 1])
  const odd: [name: string, state: Record<string, unknown>, more?: Record<string, number>][] = [
    ['no limit', { max_steps: -1, save_steps: 100.5, best_global_step: -1 }],
    ['steps', {}, { step: NaN, eval_loss: 0 }],
    ['float', {}, { step: 150.5, eval_loss: 0 }],
    ['huge', {}, { step: 1e17, eval_loss: 0 }],
    ['epoch', {}, { step: 100, epoch: NaN, eval_runtime: -1, eval_samples_per_second: 1e300 }],
  ]
  for (const [name, state, more] of odd) {
    const root = join(folder.path, name)
    await writeOutput(root, { saves: [100, 200], log: more ? [...rows, more] : rows, state })
    const { line } = await pickJson([name], folder.path)
    expect([name, line.best_step, line.error]).toEqual([name, 200, undefined])
  }
})

test('a root state that is older than the checkpoints is the start of their history', async () => {
  await using folder = await temporaryFolder()
  const rows = losses([100, 2], [200, 0.5], [300, 0.8])
  await writeOutput(folder.path, { saves: [100, 200, 300], log: rows, root: false })
  await writeOutput(folder.path, { saves: [], log: rows.slice(0, 1) })
  const { line } = await pickJson(['.'], folder.path)
  expect(line).toMatchObject({ best_step: 200, runner_up: { attempt: 0, step: 300 } })
})

test('one unreadable path neither hides nor stops the others', async () => {
  await using folder = await temporaryFolder()
  await writeOutput(join(folder.path, 'good'), { saves: [100], log })
  await symlink('checkpoint-200', join(folder.path, 'good', 'checkpoint-200'))
  await symlink(folder.path, join(folder.path, 'good', 'checkpoint-300'))
  const { lines, code } = await pickJson(['', 'nowhere', 'good'], folder.path)
  expect(code).toBe(2)
  expect(lines.map(({ error, best_step }) => [typeof error, best_step])).toEqual([
    ['string', undefined],
    ['string', undefined],
    ['undefined', 100],
  ])
  expect(lines[2].skipped.map(({ text }: { text: string }) => text)).toEqual([
    'the files of checkpoint-200 are broken: its links form a loop (eval_loss 1)',
    expect.stringContaining("its path leads outside the run's folder"),
  ])
})

test("another program's journal.jsonl is ignored; a broken journal of Bestmark is an error", async () => {
  await using folder = await temporaryFolder()
  await writeOutput(folder.path, { saves: [100], log })
  const journal = join(folder.path, 'journal.jsonl')
  await writeFile(journal, '{"trial": 1}\n')
  expect((await pickJson(['.'], folder.path)).line).toMatchObject({ best_step: 100 })
  await writeFile(journal, '{"journal": 99}\n')
  const { line, code } = await pickJson(['.'], folder.path)
  expect([code, line.error]).toEqual([
    2,
    expect.stringContaining('does not begin with a journal header'),
  ])
})
