import { execFile } from 'node:child_process'
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { CLIENT, csvRows, pick, python, real, train, why } from './programsTesting.ts'

interface State {
  best_metric: number
  best_global_step: number
  best_model_checkpoint: string | null
  log_history: { step: number; eval_loss?: number }[]
}

/** The Trainer's state, and the best of its saved checkpoints by its log. */
async function recorded(folder: string) {
  const state = JSON.parse(await readFile(join(folder, 'trainer_state.json'), 'utf8')) as State
  const saved = (await readdir(folder)).filter((name) => name.startsWith('checkpoint-'))
  const steps = new Set(saved.map((name) => Number(name.slice('checkpoint-'.length))))
  const [best] = state.log_history
    .flatMap(({ step, eval_loss }) =>
      eval_loss === undefined || !steps.has(step) ? [] : [{ step, eval_loss }],
    )
    .sort((a, b) => a.eval_loss - b.eval_loss)
  return { state, best: best! }
}

real(
  `HuggingFace's best is named; if it was not saved, the best saved checkpoint is chosen${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    await train('huggingface.py', root, '--client')
    const { state, best } = await recorded(root)
    expect(state.best_global_step).not.toBe(best.step)
    const expected = {
      best_metric_name: 'eval_loss',
      best_step: best.step,
      best_metric: best.eval_loss,
      best_checkpoint_path: join(root, `checkpoint-${best.step}`),
      missed_best: { step: state.best_global_step, value: state.best_metric },
      second_opinion: { agrees: false, because: 'stale_pointer', value: state.best_metric },
    }
    expect(await pick(root)).toMatchObject(expected)
    await rm(join(root, 'journal.jsonl'))
    expect(await pick(root)).toMatchObject(expected)
  },
)

real(`a resumed run of HuggingFace is one run with two attempts in the journal${why}`, async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'run')
  await train('huggingface.py', root, '--client', '--steps', '40')
  await train('huggingface.py', root, '--client', '--steps', '60', '--resume')
  const lines = (await readFile(join(root, 'journal.jsonl'), 'utf8')).trimEnd().split('\n')
  const events = lines.slice(1).map((line) => JSON.parse(line))
  const started = events.filter(({ type }) => type === 'started')
  expect(started.map(({ attempt, resumed_from }) => [attempt, resumed_from])).toEqual([
    [0, null],
    [1, 40],
  ])
  for (const event of events.filter(({ type }) => type === 'evaluation')) {
    expect(JSON.parse(lines[event.origin.line - 1] ?? '')).toEqual(event)
    expect(event.attempt).toBe(event.step > 40 ? 1 : 0)
  }
  const { best } = await recorded(root)
  expect(await pick(root)).toMatchObject({ best_step: best.step, best_metric: best.eval_loss })
})

real(
  `what HuggingFace evaluates after it loaded a checkpoint belongs to that checkpoint${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    await train('huggingface.py', root, '--client', '--steps', '35', '--load-best')
    const { state } = await recorded(root)
    const lines = (await readFile(join(root, 'journal.jsonl'), 'utf8')).trimEnd().split('\n')
    const evaluations = lines
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'evaluation')
    const [last, ...earlier] = evaluations.reverse()
    expect(state.best_model_checkpoint).toBe(join(root, `checkpoint-${last.step}`))
    const first = earlier.find(({ step }) => step === last.step)
    expect(last.values.eval_loss).toBe(first.values.eval_loss)
  },
)

real(
  `Lightning's best_model_path is the best of its run, read from the journal or from Lightning's table${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    const printed = await train('lightning_fit.py', root, '--client')
    const [, path = '', score = ''] = /^best (.*) (\S+)$/m.exec(printed) ?? []
    const expected = {
      best_metric_name: 'eval_loss',
      best_metric: Number(score),
      best_checkpoint_path: path,
      missed_best: null,
      second_opinion: { agrees: true },
    }
    expect(await pick(root)).toMatchObject(expected)
    const lines = (await readFile(join(root, 'journal.jsonl'), 'utf8')).trim().split('\n')
    const measured = lines
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'evaluation')
    // The program trains 6 epochs of 10 batches.
    expect(measured.at(-1)).toMatchObject({ step: 60, epoch: 6 })
    await rm(join(root, 'journal.jsonl'))
    expect(await pick(root)).toMatchObject(expected)
  },
)

real(
  `the epoch with the lowest loss is the best of a run of Keras, also if Keras keeps only that file${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const [all, one] = [join(folder.path, 'all'), join(folder.path, 'one')]
    await train('keras_fit.py', all, '--client')
    const [lowest] = (await csvRows(join(all, 'log.csv'))).sort(
      (a, b) => a['val_loss']! - b['val_loss']!,
    )
    const { epoch = NaN, val_loss = NaN } = lowest ?? {}
    const file = `model-${String(epoch + 1).padStart(2, '0')}.keras`
    const picked = await pick(all)
    expect(picked).toMatchObject({
      best_metric_name: 'eval_loss',
      best_checkpoint_path: join(all, file),
    })
    expect(picked.best_metric).toBeCloseTo(val_loss, 6)
    await train('keras_fit.py', one, '--client', '--best-only')
    expect(await pick(one)).toMatchObject({
      best_checkpoint_path: join(one, 'best.keras'),
      best_metric: picked.best_metric,
      best_step: picked.best_step,
      second_opinion: { agrees: true },
    })
  },
)

real(`the Python client passes its tests and its check of types${why}`, async () => {
  const env = { ...process.env, MYPYPATH: join(CLIENT, 'src') }
  const run = (...argv: string[]) => promisify(execFile)(python ?? '', argv, { env, cwd: CLIENT })
  await run('-m', 'unittest', 'discover', '-s', 'tests')
  const core = ['src/bestmark/__init__.py', 'src/bestmark/journal.py', 'src/bestmark/reader.py']
  await run('-m', 'mypy', '--strict', '--cache-dir', '/dev/null', ...core)
})
