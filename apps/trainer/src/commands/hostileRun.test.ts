import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measuredJson } from '@bestmark/core'
import { HOSTILE_TEXTS, hostileRun } from '@bestmark/core/testing'
import { listJobs } from '@bestmark/db'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { bestmark, makeOld, weightsOf } from '../testing.ts'
import { command } from './testing.ts'

const here = testBoard()

/** Characters that control a terminal or are invisible, except line breaks. */
const UNSEEN =
  /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\u200b\u2060\ufeff\u00ad\p{Bidi_Control}\u{e0000}-\u{e007f}]/u

const texts = Object.entries(HOSTILE_TEXTS)

beforeAll(async () => {
  for (const [kind, text] of texts) await writeRun(join(here.path, 'runs', kind), text)
  await makeOld(join(here.path, 'runs'))
}, 120_000)

/** A run's folder with its journal, and those checkpoints whose paths can be written. */
async function writeRun(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const events = hostileRun(text, text === HOSTILE_TEXTS.method)
  const lines = [
    { journal: 1, job_id: randomUUID(), name: text, project: text, recipe: text },
    ...events,
  ]
  await writeFile(
    join(folder, 'journal.jsonl'),
    lines.map((line) => `${measuredJson(line)}\n`).join(''),
  )
  for (const event of events) {
    if (event.type !== 'checkpoint') continue
    const path = join(folder, event.path)
    if (!path.startsWith(folder) || /\0/.test(path)) continue
    await mkdir(path, { recursive: true }).catch(() => undefined)
    await writeFile(join(path, 'model.safetensors'), weightsOf(event.step ?? 0)).catch(
      () => undefined,
    )
  }
}

/** Commands that start a program, so they need a new process. */
const STARTING = new Set(['run', 'train'])
/** Commands that first print the path of a checkpoint for another program. */
const EXACT = new Set(['pick', 'best'])

/** Runs a command. Expects only visible lines, and an expected exit code. */
async function runVisibly(
  ...words: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [name = ''] = words
  const run = STARTING.has(name) ? bestmark : command
  const ran = await run(words, { env: here.env, cwd: here.path })
  // A path for another program is printed unchanged; terminal.test.ts tests it.
  const [path = '', ...others] = ran.stdout.split('\n')
  const isExact = EXACT.has(name) && path.startsWith(here.path)
  const shown = [...(isExact ? [] : [path]), ...others, ran.stderr].join('\n')
  expect([words, UNSEEN.exec(shown)?.[0]]).toEqual([words, undefined])
  expect([words, /^ {2,}at .*|unforeseen/m.exec(shown)?.[0]]).toEqual([words, undefined])
  expect([words, ran.code, ran.stderr]).toEqual([words, expect.toBeOneOf([0, 1, 2]), ran.stderr])
  return ran
}

/** The words for each command with hostile runs; `job` is the id of one. */
const WORDS: Record<string, (job: string, folder: string) => string[][]> = {
  import: (_job, folder) => [
    ['import', folder],
    ['import', folder, '--json'],
  ],
  watch: (_job, folder) => [
    ['watch', folder, '--once'],
    ['watch', folder, '--once', '--json'],
    ['watch', folder, '--once', '--to', HOSTILE_TEXTS.terminal],
  ],
  pick: (_job, folder) => [
    ['pick', folder, '--explain'],
    ['pick', folder, `${folder}/nowhere`],
    ['pick', folder, '--json'],
  ],
  jobs: () => [['jobs'], ['jobs', '--json']],
  output: (job) => [
    ['output', job],
    ['output', job, '--json'],
    ['output', job, '--last', '5', '--search', HOSTILE_TEXTS.lines],
  ],
  alerts: () => [['alerts'], ['alerts', '--json']],
  best: (job) => [['best', job, '--explain']],
  deploy: (job) => [
    ['deploy', job, '--as', 'hostile', '--json'],
    ['deploy', job, '--checkpoint', HOSTILE_TEXTS.lines],
    ['deploy', job, '--target', HOSTILE_TEXTS.terminal],
    ['deploy', job, '--host', HOSTILE_TEXTS.terminal],
  ],
  start: () => [['start'], ['start', '--json'], ['start', HOSTILE_TEXTS.terminal]],
  targets: () => [['targets'], ['targets', '--json']],
  models: () => [
    ['models'],
    ['models', '--json'],
    ['models', HOSTILE_TEXTS.lines, '--verify'],
    ['models', HOSTILE_TEXTS.lines, '--withdraw'],
  ],
  compare: (job) => [
    ['compare', job, '--metric', '__proto__'],
    ['compare', job, HOSTILE_TEXTS.lines],
  ],
  policy: (job) => [
    ['policy', job],
    ['policy', job, 'lowest_eval_loss', '--by', HOSTILE_TEXTS.lines],
    ['policy', job, '--history'],
  ],
  prune: (job) => [['prune', job, '--keep-best', '1', '--keep-last', '0']],
  pin: (job) => [
    ['pin', job, '1'],
    ['pin', job, HOSTILE_TEXTS.terminal],
  ],
  score: (_job, folder) => [
    ['score', join(folder, `0 ${HOSTILE_TEXTS.lines}`), '__proto__=1'],
    ['score', folder, 'constructor=1'],
  ],
  eval: (job) => [
    ['eval', job, '--only', 'best', '--', 'sh', '-c', `printf '{"__proto__": 1}' # {checkpoint}`],
    ['eval', job, '--sbatch', HOSTILE_TEXTS.terminal, '--', 'true', '{checkpoint}'],
  ],
  export: (job) => [
    ['export', job],
    ['export', '--all', '--out', 'exported'],
  ],
  backup: () => [
    ['backup', 'hostile.bestmark'],
    ['backup', 'hostile.bestmark', '--json'],
  ],
  distribute: () => [['distribute'], ['distribute', '--dry-run', '--json']],
  space: () => [['space'], ['space', '--json'], ['space', '--keep-points', HOSTILE_TEXTS.lines]],
  restore: () => [
    ['restore', 'hostile.bestmark', '--check'],
    ['restore', HOSTILE_TEXTS.terminal],
  ],
  backtest: (_job, folder) => [
    ['backtest', folder, '--target', 'eval_accuracy', '--all', '--at-least', '2'],
    ['backtest', folder, '--target', HOSTILE_TEXTS.lines],
  ],
  run: () => [['run', '--name', HOSTILE_TEXTS.lines, '--folder', 'ran', '--', 'true']],
  train: (job) => [
    ['train', '--resume', job],
    ['train', HOSTILE_TEXTS.terminal],
  ],
  // These print names only with functions that other commands use. Their pages have other tests.
  agent: () => [['agent', '--help']],
  link: () => [['link', '--help']],
  tokens: () => [
    ['tokens', '--new', HOSTILE_TEXTS.lines],
    ['tokens'],
    ['tokens', '--json'],
    ['tokens', '--revoke', HOSTILE_TEXTS.terminal],
  ],
  people: () => [
    ['people', '--invite', HOSTILE_TEXTS.lines],
    ['people', '--remove', HOSTILE_TEXTS.terminal],
  ],
  audit: () => [['audit'], ['audit', '--json']],
  up: () => [['up', '--help']],
  report: () => [
    ['report', HOSTILE_TEXTS.terminal],
    ['report', '--project', HOSTILE_TEXTS.lines, '--format', 'md'],
  ],
  completion: () => [['completion', HOSTILE_TEXTS.terminal]],
}

const CHOOSING = new Set(['pick', 'best', 'score', 'backtest'])

test('each command is tested with hostile runs', async () => {
  const { stdout } = await command(['--help'])
  const names = [...stdout.matchAll(/^ {2}(\w+) +/gm)].map(([, name]) => name)
  expect(Object.keys(WORDS).sort()).toEqual(names.sort())
})

test(
  'no name of a run controls the terminal, is invisible, or starts a new line',
  { timeout: 600_000 },
  async () => {
    const all = join(here.path, 'runs')
    await runVisibly('watch', all, '--once')
    const { jobs } = await listJobs(here.board.db, { limit: 200 })
    expect(jobs).toHaveLength(texts.length)
    const { stdout } = await runVisibly('jobs')
    const lines = stdout.trimEnd().split('\n')
    expect(lines.filter((line) => !/^[\da-f]{8} {2}\w+/.test(line))).toEqual([])
    expect(lines).toHaveLength(jobs.length)
    for (const kind of ['lines', 'inherited', 'method'] as const) {
      const job = jobs.find(({ output_dir }) => output_dir?.endsWith(`runs/${kind}`))?.job_id ?? ''
      for (const [name, words] of Object.entries(WORDS)) {
        // Names that objects inherit matter to what reads and chooses.
        if (kind !== 'lines' && !CHOOSING.has(name)) continue
        for (const one of words(job, join(all, kind))) await runVisibly(...one)
      }
    }
    await rm(join(here.path, 'exported'), { recursive: true })
    const listed = (await runVisibly('export', '--all', '--out', 'exported')).stdout
      .trimEnd()
      .split('\n')
    expect(listed).toHaveLength((await readdir(join(here.path, 'exported'))).length)
  },
)
