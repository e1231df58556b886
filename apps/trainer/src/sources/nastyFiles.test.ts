import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { importRun } from '../recording/importRun.ts'
import { isTraining } from '../recording/silentRuns.ts'
import { makeOld, temporaryFolder, writeOutput } from '../testing.ts'
import { readerWarnings } from './events/newEvents.ts'
import { HOSTILE } from './hostileTesting.ts'
import { writeFiles } from '../testing.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'
import { readRun } from './readRun.ts'

/** Every file name that a reader looks for, in a run that also has a readable log. */
const NAMES = [
  ...['trainer_state.json', 'all_results.json', 'eval_results.json', 'train_results.json'],
  ...[
    'journal.jsonl',
    'bestmark-scores.jsonl',
    'bestmark-output.log',
    'bestmark-output.stderr.log',
  ],
  ...['metrics.csv', 'results.csv', 'training.csv', 'trainer_log.jsonl', 'train.log'],
  ...['training_args.bin', 'training_args.yaml', 'args.yaml', 'hparams.yaml', 'README.md'],
  ...['events.out.tfevents.1.vm.1.0', 'runs/x/events.out.tfevents.1.vm.1.0', 'process.json'],
  ...['dvclive/plots/metrics/eval/loss.tsv', 'dvclive/metrics.json', 'checkpoints/last.ckpt'],
  ...['checkpoint-300/trainer_state.json', 'checkpoint-300/model.safetensors'],
  ...['checkpoint-300/adapter_config.json', 'checkpoint-300/config.json', 'checkpoint-300'],
  ...['checkpoint-300/model.safetensors.index.json', 'checkpoint-300/training_args.bin'],
]

/** What a file name may lead to that cannot be read. */
const NASTY: Record<string, (path: string) => unknown> = {
  pipe: (path) => execFileSync('mkfifo', [path]),
  folder: (path) => mkdir(path),
  loop: (path) => symlink(path, path),
  nothing: (path) => symlink('/nowhere/at/all', path),
  zeros: async (path) => {
    await writeFile(path, '')
    await truncate(path, 1 << 20)
  },
}

const log = [100, 200, 300].flatMap((step): Record<string, number>[] => [
  { step, loss: 3 },
  { step, eval_loss: step === 200 ? 1 : 2 },
])

for (const [kind, make] of Object.entries(NASTY)) {
  test(`a ${kind} under a supported file name is skipped, and the run is still read`, async () => {
    await using folder = await temporaryFolder()
    for (const [index, name] of NAMES.entries()) {
      const root = join(folder.path, `run-${index}`)
      await writeOutput(root, { saves: [100, 200, 300], log })
      await mkdir(dirname(join(root, name)), { recursive: true })
      await rm(join(root, name), { recursive: true, force: true })
      await make(join(root, name))
      const { events } = await readRun(root)
      const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
      expect(best?.step, name).toBe(200)
      expect(isTraining(root)).toBe(false)
    }
  })
}

const here = testBoard()

test('an unreadable file is skipped with a warning, and all other files are read', async () => {
  const root = join(here.path, 'several')
  const events = Buffer.concat(
    [20, 40].map((step) => eventRecord(step, [{ tag: 'eval/loss', value: step }])),
  )
  await writeFiles(root, {
    'events.out.tfevents.1.vm.1.0': events,
    ...{ 'trainer_state.json': '{"log_history": [', 'checkpoint-20.safetensors': '' },
  })
  execFileSync('mkfifo', [join(root, 'events.out.tfevents.2.vm.1.0')])
  execFileSync('mkfifo', [join(root, 'bestmark-scores.jsonl')])
  await makeOld(root)
  const messages: string[] = []
  const job = await importRun(here.board, root, {}, (text) => messages.push(text))
  expect(job).toMatchObject({ current_step: 40, eval_loss: 40 })
  expect(messages).toEqual(
    expect.arrayContaining([
      expect.stringContaining('trainer_state.json is not valid JSON'),
      'Skipped events.out.tfevents.2.vm.1.0: it is a pipe, not a file.',
    ]),
  )
})

test('a table or a log with a very long line is read to its end, with a warning about the line', async () => {
  await using folder = await temporaryFolder()
  for (const [name, file] of [
    ['log-of-a-huge-step', 'train.log'],
    ['lightning-steps', 'metrics.csv'],
    ['journal-out-of-range', 'journal.jsonl'],
    ['scores-out-of-range', 'bestmark-scores.jsonl'],
  ] as const) {
    const root = join(folder.path, name)
    const { files, best } = HOSTILE[name]!
    await writeFiles(root, files)
    await truncate(join(root, file), 200 << 20)
    const before = process.memoryUsage().rss
    const { events } = await readRun(root)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20)
    expect(select({ policy: 'as_declared', ...rowsFrom(events) }).best?.step).toBe(best)
    const warnings = readerWarnings(events).join('\n')
    expect(warnings).toMatch(file.includes('scores') ? 'is not a score' : 'it is longer than 16 MB')
  }
})
