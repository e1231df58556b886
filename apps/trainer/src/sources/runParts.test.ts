import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeOld, temporaryFolder, writeFiles } from '../testing.ts'
import { weights } from './foldersTesting.ts'
import { readRun } from './readRun.ts'
import { searchRuns } from './runSearch.ts'
import { eventRecord } from './tensorboard/tfeventsTesting.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

const LOG = [9, 5, 4, 6].map((loss, at) => `epoch ${at + 1} val_loss ${loss}\n`).join('')
const TRAINING = [9, 8, 7, 6].map((loss, at) => `epoch ${at + 1} loss ${loss}\n`).join('')
const FOUR = [1, 2, 3, 4]
const saved = (folder: string): Files => weights(FOUR.map((epoch) => `${folder}/epoch${epoch}.pt`))
const events = (tag: string): Buffer =>
  Buffer.concat(FOUR.map((step) => eventRecord(step, [{ tag, value: 1 / step }])))

/** The roots that a search finds below a folder with some files, relative to it. */
async function rootsIn(files: Files): Promise<string[]> {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, files)
  await makeOld(folder.path)
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const roots: string[] = []
  for await (const run of searchRuns(folder.path, walk))
    roots.push(run.root.slice(folder.path.length + 1))
  return roots
}

test.each<[string, Files]>([
  [
    'logs in two folders, as MACE writes them',
    { 'run/results/a_train.txt': LOG, 'run/logs/a.log': TRAINING, ...saved('run/checkpoints') },
  ],
  [
    'a log in the root and event files of its splits',
    {
      'run/train.log': LOG,
      'run/tensorboard/train/events.out.tfevents.1.a': events('loss'),
      'run/tensorboard/valid/events.out.tfevents.1.a': events('acc'),
      ...saved('run'),
    },
  ],
  [
    'weights beside several folders of logs',
    { 'run/metrics/history.txt': LOG, 'run/logs/train.log': TRAINING, ...saved('run/models') },
  ],
  [
    'summaries beside weights that no log names, as rl_games writes them',
    { 'run/summaries/events.out.tfevents.1.a': events('losses/a'), ...saved('run/nn') },
  ],
])('a run is found once: %s', async (_layout, files) => {
  expect(await rootsIn(files)).toEqual(['run'])
})

test('a log below a run that names another training is a run of its own', async () => {
  const files = { 'run/train.log': LOG, ...saved('run'), 'run/logs/lr3/train.log': LOG }
  expect(await rootsIn(files)).toEqual(['run', 'run/logs/lr3'])
})

test('logs of several trainings in one folder below a run are runs of their own', async () => {
  const [one, other] = [LOG, LOG.replaceAll('val_loss ', 'val_loss 1')]
  const several = { 'run/logs/a.log': `lr=1\n${one}`, 'run/logs/b.log': `lr=2\n${other}` }
  expect(await rootsIn({ 'run/train.log': LOG, ...saved('run'), ...several })).toContain('run/logs')
})

test.each<[string, string, Files]>([
  [
    'its events and its weights',
    'runs/ant',
    { 'runs/ant/summaries/events.out.tfevents.1.a': events('loss'), ...saved('runs/ant/nn') },
  ],
  [
    'its log and its weights',
    'runs/ant',
    { 'runs/ant/logs/train.log': LOG, ...saved('runs/ant/ckpts') },
  ],
  [
    'event files and weights in sibling folders of its name',
    'saved/models/ant',
    {
      'saved/log/ant/info.log': LOG,
      'saved/log/ant/events.out.tfevents.1.a': events('loss'),
      ...saved('saved/models/ant'),
    },
  ],
])(
  'a run that is the only one below a project is read from its root: %s',
  async (_w, root, files) => {
    await using folder = await temporaryFolder()
    await writeFiles(folder.path, files)
    expect((await readRun(folder.path)).root).toBe(join(folder.path, root))
    expect(await rootsIn(files)).toEqual([root])
  },
)

test('a log beside the folder of weights that it names is of that run only', async () => {
  const lines = [500, 1000, 1500].map((step) => `step:${step}/1500 val_loss:${step}.5 time:1ms\n`)
  const files = { 'logs/3f2a.txt': lines.join(''), 'logs/77bc.txt': lines.join('') }
  const both = weights(['logs/3f2a/state_step000500.pt', 'logs/77bc/state_step000500.pt'])
  expect(await rootsIn({ ...files, ...both })).toEqual(['logs/3f2a', 'logs/77bc'])
})
