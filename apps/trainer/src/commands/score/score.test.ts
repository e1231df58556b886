import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command } from '../testing.ts'
import { temporaryFolder, writeOutput } from '../../testing.ts'

const log: Record<string, number>[] = [
  { step: 100, epoch: 0.1, eval_loss: 1, eval_f1: 0.9 },
  { step: 200, epoch: 0.2, eval_loss: 2 },
]

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder[Symbol.asyncDispose]())

// A data folder that does not exist, so that no board is changed.
const run = (...words: string[]) =>
  command(words, { cwd: folder.path, env: { BESTMARK_HOME: join(folder.path, 'home') } })

async function output(name: string): Promise<string> {
  const root = join(folder.path, name)
  await writeOutput(root, { saves: [100, 200], log })
  return root
}

async function picked(root: string, ...words: string[]) {
  const { stdout } = await run('pick', '--json', root, ...words)
  const { best_step, best_metric, best_metric_name } = JSON.parse(stdout)
  return { best_step, best_metric, best_metric_name }
}

async function linesOf(root: string) {
  const text = await readFile(join(root, 'bestmark-scores.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('a score counts as an evaluation of its weights', async () => {
  const root = await output('scored')
  const words = ['exact_match=0.5', '--stderr', '0.1', '--samples', '50', '--by', 'ana']
  const first = await run('score', join(root, 'checkpoint-100'), ...words)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toContain('checkpoint-100 (step 100): exact_match 0.5')
  await run('score', 'scored/checkpoint-200', 'exact_match=0.75')
  expect(await picked(root, '--metric', 'exact_match')).toEqual({
    best_step: 200,
    best_metric: 0.75,
    best_metric_name: 'exact_match',
  })
  const [line] = await linesOf(root)
  expect(line).toMatchObject({
    path: 'checkpoint-100',
    attempt: 0,
    step: 100,
    values: { exact_match: 0.5, exact_match_stderr: 0.1 },
    samples: 50,
    by: 'ana',
  })
})

test('nan, infinities and --mode are kept', async () => {
  const root = await output('odd')
  const words = ['quality=nan', 'speed=-inf', 'error=1e-3', '--mode', 'max']
  expect((await run('score', 'odd/checkpoint-100', ...words)).code).toBe(0)
  await run('score', 'odd/checkpoint-200', 'quality=-.5')
  const [line] = await linesOf(root)
  expect(line.values).toEqual({ quality: 'NaN', speed: '-Infinity', error: 0.001 })
  expect(line.directions).toEqual({ quality: 'max', speed: 'max', error: 'max' })
  expect(await picked(root, '--metric', 'quality')).toMatchObject({ best_step: 200 })
})

test('the first measurement of a metric counts, and a later one is reported as a repeat', async () => {
  const root = await output('repeated')
  const { code, stderr } = await run('score', 'repeated/checkpoint-100', 'eval_f1=0.1', 'acc=1')
  expect(stderr).toBe(
    'eval_f1 was measured there before (0.9), and the first value counts. The new value is kept as a repeat.\n',
  )
  expect(code).toBe(0)
  expect(await picked(root, '--metric', 'eval_f1')).toMatchObject({ best_metric: 0.9 })
})

test('results of lm-evaluation-harness are read with errors, samples and directions', async () => {
  const root = await output('harness')
  const results = {
    results: {
      arc: {
        alias: 'arc',
        'acc,none': 0.5,
        'acc_stderr,none': 0.01,
        'acc_norm,none': 0.6,
        'acc_norm_stderr,none': 'N/A',
      },
      gsm8k: { 'exact_match,strict-match': 0.25, 'exact_match_stderr,strict-match': 0.02 },
      wikitext: { 'odd_score,none': 7 },
    },
    'n-samples': { arc: { original: 1000, effective: 100 } },
    higher_is_better: { arc: { acc: true, acc_norm: true }, wikitext: { odd_score: false } },
  }
  const text = JSON.stringify(results, null, 2)
  await writeFile(join(folder.path, 'results_1.json'), text)
  const { code } = await run('score', 'harness/checkpoint-200', '--results', 'results_1.json')
  expect(code).toBe(0)
  const scores = await linesOf(root)
  expect(
    scores.map(({ values, samples, directions }) => ({ values, samples, directions })),
  ).toEqual([
    {
      values: { 'arc/acc': 0.5, 'arc/acc_stderr': 0.01, 'arc/acc_norm': 0.6 },
      samples: 100,
      directions: { 'arc/acc': 'max', 'arc/acc_norm': 'max' },
    },
    {
      values: {
        'gsm8k/exact_match,strict-match': 0.25,
        'gsm8k/exact_match,strict-match_stderr': 0.02,
      },
      samples: null,
      directions: {},
    },
    {
      values: { 'wikitext/odd_score': 7 },
      samples: null,
      directions: { 'wikitext/odd_score': 'min' },
    },
  ])
  for (const { origin, lines, values } of scores) {
    expect(origin.file).toBe('../results_1.json')
    for (const [name, line] of Object.entries<number>(lines)) {
      expect(text.split('\n')[line - 1]).toContain(`: ${values[name]}`)
    }
  }
  expect(await picked(root, '--metric', 'wikitext/odd_score')).toMatchObject({ best_step: 200 })
})

test('results of older harnesses and flat files of the Trainer are read', async () => {
  const root = await output('older')
  const old = { results: { piqa: { acc: 0.5, acc_stderr: 0.1 } }, versions: { piqa: 0 } }
  await writeFile(join(root, 'old.json'), JSON.stringify(old))
  const flat = { epoch: 1, eval_wer: 0.2, eval_samples: 30, train_loss: 3, train_samples: 9 }
  await writeFile(join(root, 'eval_results.json'), JSON.stringify(flat))
  await run('score', 'older/checkpoint-100', '--results', 'older/old.json')
  await run('score', 'older/checkpoint-100', '--results', 'older/eval_results.json')
  expect((await linesOf(root)).map(({ values, samples }) => ({ values, samples }))).toEqual([
    { values: { 'piqa/acc': 0.5, 'piqa/acc_stderr': 0.1 }, samples: null },
    { values: { eval_wer: 0.2 }, samples: 30 },
  ])
})

test('a score of a removed or overwritten checkpoint is skipped, with a warning', async () => {
  const root = await output('changed')
  await run('score', 'changed/checkpoint-100', 'acc=0.9')
  await run('score', 'changed/checkpoint-200', 'acc=0.5')
  await rm(join(root, 'checkpoint-100'), { recursive: true })
  expect(await picked(root, '--metric', 'acc')).toMatchObject({ best_step: 200, best_metric: 0.5 })
  const other = [{ step: 200, epoch: 0.2, eval_loss: 7 }]
  await writeOutput(root, { saves: [200], log: other })
  expect(await picked(root, '--metric', 'acc')).toMatchObject({ best_step: null })
})

test('scores move with the run, and an invalid line does not stop the others', async () => {
  const root = await output('moved')
  await run('score', 'moved/checkpoint-100', 'acc=0.5')
  const path = join(root, 'bestmark-scores.jsonl')
  await writeFile(path, `not a score\n${await readFile(path, 'utf8')}{"score":1,`)
  await run('score', 'moved/checkpoint-200', 'acc=0.75')
  await cp(root, join(folder.path, 'elsewhere'), { recursive: true })
  const found = await picked('elsewhere', '--metric', 'acc')
  expect(found).toMatchObject({ best_step: 200, best_metric: 0.75 })
})

test('--json prints one line with the stored values and the best now', async () => {
  const root = await output('json')
  const { stdout } = await run('score', 'json/checkpoint-200', 'acc=nan', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    root,
    checkpoint: 'checkpoint-200',
    step: 200,
    values: { acc: 'NaN' },
    is_on_board: false,
    best_step: 100,
    best_metric_name: 'eval_loss',
  })
})

test('each wrong input gets an error of one sentence, and nothing is stored', async () => {
  const root = await output('refused')
  await writeFile(join(root, 'checkpoint-200/checkpoint-is-incomplete.txt'), '')
  await writeFile(join(folder.path, 'notes.json'), '{"text": "no number"}')
  const vectors: [words: string[], message: string][] = [
    [[], 'CHECKPOINT is missing'],
    [['refused/checkpoint-100'], 'such as eval_f1=0.9'],
    [['nowhere', 'acc=1'], 'There is no'],
    [['abcdef0', 'acc=1'], 'there is no board'],
    [
      ['refused', 'acc=1'],
      'is a run, not a checkpoint. Name one of its checkpoints: checkpoint-100, ',
    ],
    [['.', 'acc=1'], 'no folder above it is a run with this checkpoint'],
    [['refused/trainer_state.json', 'acc=1'], 'is a file'],
    [['refused/checkpoint-200', 'acc=1'], 'checkpoint-200 is broken: its save was cut short'],
    [['refused/checkpoint-100', 'acc=high'], 'acc must be a number, nan or inf; got "high"'],
    [['refused/checkpoint-100', 'acc=1', '--mode', 'up'], '--mode must be min or max; got "up"'],
    [['refused/checkpoint-100', 'acc=1', '--colour'], 'Unknown option --colour.'],
    [['refused/checkpoint-100', '--results', 'none.json'], 'Cannot read '],
    [['refused/checkpoint-100', '--results', 'notes.json'], 'has no results'],
    [
      ['refused/checkpoint-100', 'acc=1', '--results', 'notes.json'],
      'Use either --results FILE or NAME=VALUE',
    ],
  ]
  for (const [words, message] of vectors) {
    const { code, stdout, stderr } = await run('score', ...words)
    expect([words, code, stdout, stderr]).toEqual([words, 2, '', expect.stringContaining(message)])
  }
  await expect(linesOf(root)).rejects.toThrow('ENOENT')
})

test('a retracted score no longer counts; the file keeps both lines', async () => {
  const root = await output('retracted')
  await run('score', 'retracted/checkpoint-100', 'acc=0.9', 'em=0.1', '--stderr', 'acc=0.2')
  await run('score', 'retracted/checkpoint-200', 'acc=0.5')
  expect((await picked(root, '--metric', 'acc')).best_step).toBe(100)
  const back = await run('score', 'retracted/checkpoint-100', '--retract', 'acc', '--by', 'ana')
  expect(back).toMatchObject({ code: 0, stderr: '' })
  expect(back.stdout).toContain('checkpoint-100 (step 100): acc 0.9, acc_stderr 0.2, retracted in')
  expect((await picked(root, '--metric', 'acc')).best_step).toBe(200)
  expect((await picked(root, '--metric', 'em', '--mode', 'max')).best_step).toBe(100)
  expect((await linesOf(root)).at(-1)).toMatchObject({ retract: 1, metrics: ['acc'], by: 'ana' })
  const again = await run('score', 'retracted/checkpoint-100', '--retract', 'acc')
  expect(again).toMatchObject({ code: 2, stdout: '' })
  expect(again.stderr).toContain('checkpoint-100 has no score of acc. It has em.')
  await run('score', 'retracted/checkpoint-100', '--retract')
  const logged = await run('score', 'retracted/checkpoint-100', '--retract', 'eval_loss')
  expect(logged.stderr).toContain('Values that the run logged cannot be retracted.')
  expect((await run('score', 'retracted/checkpoint-200', '--retract', 'acc=1')).code).toBe(2)
})

test('--replace replaces earlier scores', async () => {
  const root = await output('replaced')
  await run('score', 'replaced/checkpoint-100', 'acc=0.9')
  const again = await run('score', 'replaced/checkpoint-100', 'acc=0.7', 'eval_f1=1', '--replace')
  expect(again.stderr).toMatch(/^eval_f1 was measured there before \(0.9\)[^\n]*\n$/)
  expect((await picked(root, '--metric', 'acc')).best_metric).toBe(0.7)
  expect((await picked(root, '--metric', 'eval_f1')).best_metric).toBe(0.9)
})
