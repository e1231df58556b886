import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { inspectCheckpoint } from '../checkpoints/inspect.ts'
import { publicFiles, publicRows, temporaryFolder, weightsOf } from '../testing.ts'
import { readRun } from './readRun.ts'

const corpus = process.env['BESTMARK_CORPUS'] ?? ''
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'
const WEIGHTS = /\.(safetensors|bin|ckpt)$/

/** The files of a public folder, relative to the folder of the repository. */
async function listed(saved: string): Promise<string[]> {
  const text = await readFile(saved, 'utf8')
  return text.split('\n').flatMap((line) => {
    const path = line.startsWith('#') ? undefined : line.split('\t')[1]
    return path === undefined ? [] : [path]
  })
}

/** Writes the files of a listing: complete small weights, and a state with its step. */
async function layOut(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    const global_step = Number(/checkpoint-(\d+)/.exec(path)?.[1] ?? 0)
    const state = pythonJson({ global_step, max_steps: global_step, log_history: [] })
    const isWeights = WEIGHTS.test(path) && !path.endsWith('training_args.bin')
    await writeFile(file, isWeights ? weightsOf(1) : path.endsWith('state.json') ? state : '{}')
  }
}

test.skipIf(!corpus)(
  `every saved folder of a public layout is a checkpoint, and complete if it has weights${why}`,
  async () => {
    let whole = 0
    for (const { saved_as, path = '' } of await publicRows(corpus, 'layout')) {
      if (path.includes('lightning_logs')) continue
      await using folder = await temporaryFolder()
      const paths = await listed(join(corpus, saved_as!))
      await layOut(folder.path, paths)
      const expected = new Map<number, boolean>()
      for (const one of paths) {
        const [, step, name = ''] = /(?:^|\/)checkpoint-(\d+)\/([^/]+)$/.exec(one) ?? []
        if (step === undefined) continue
        const isWeights = /^(adapter_)?(pytorch_)?model.*\.(bin|safetensors)$/.test(name)
        expected.set(Number(step), isWeights || expected.get(Number(step)) === true)
      }
      const { source, events } = await readRun(join(folder.path, path))
      expect(source).toBe('huggingface')
      const found = events.flatMap((event): [number | null, boolean][] => {
        return event.type === 'checkpoint' ? [[event.step, event.files_state === 'complete']] : []
      })
      expect([path, new Map(found)]).toEqual([path, expected])
      whole += found.filter(([, isWhole]) => isWhole).length
    }
    expect(whole).toBeGreaterThan(0)
  },
)

test.skipIf(!corpus)(
  `every file of weights of a public Lightning layout is a checkpoint of the step in its name${why}`,
  async () => {
    const tables = await publicRows(corpus, 'lightning_csv')
    let seen = 0
    for (const { repo, saved_as, path = '' } of await publicRows(corpus, 'layout')) {
      if (!path.includes('lightning_logs')) continue
      await using folder = await temporaryFolder()
      const paths = await listed(join(corpus, saved_as!))
      await layOut(folder.path, paths)
      const table = `${dirname(path)}/metrics.csv`
      const row = tables.find((one) => one['repo'] === repo && one['path'] === table)
      await copyFile(join(corpus, row!['saved_as']!), join(folder.path, table))
      const { source, events } = await readRun(join(folder.path, dirname(path)))
      expect(source).toBe('lightning_csv')
      const found = events.flatMap((event) => (event.type === 'checkpoint' ? [event] : []))
      expect(found.map(({ step, path }) => [step, path])).toEqual(
        paths.map((one) => [
          Number(/step=(\d+)/.exec(one)?.[1]),
          one.slice(dirname(path).length + 1),
        ]),
      )
      seen += found.length
    }
    expect(seen).toBeGreaterThan(0)
  },
)

test.skipIf(!corpus)(
  `a public adapter configuration names its base, and a public index names the missing parts${why}`,
  async () => {
    let adapters = 0
    for (const file of await publicFiles(corpus, 'checkpoint_config')) {
      await using folder = await temporaryFolder()
      const isAdapter = file.endsWith('adapter_config.json')
      const names = isAdapter
        ? ['adapter_config.json', 'adapter_model.safetensors']
        : ['model.safetensors.index.json', 'model-00001-of-00004.safetensors']
      const checkpoint = join(folder.path, 'checkpoint-1')
      await mkdir(checkpoint)
      await copyFile(file, join(checkpoint, names[0]!))
      await writeFile(join(checkpoint, names[1]!), weightsOf(1))
      const seen = await inspectCheckpoint(folder.path, 'checkpoint-1', null)
      if (isAdapter) {
        const adapter = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
        const base = adapter['base_model_name_or_path']
        expect(seen).toMatchObject({ files_state: 'complete', kind: 'adapter', base })
        adapters++
      } else {
        expect(seen.files_state).toBe('broken')
        expect(seen.files_why).toContain('model-00002-of-00004.safetensors')
      }
    }
    expect(adapters).toBeGreaterThan(0)
  },
)

test.skipIf(!corpus)(`the error for a Git LFS pointer says how to get the file${why}`, async () => {
  for (const file of await publicFiles(corpus, 'trainer_state_not_parseable')) {
    await expect(readRun(dirname(file))).rejects.toThrow(
      /is a Git LFS pointer, not the file itself; (download the file itself|fetch it with: git lfs pull)/,
    )
  }
})

/** Every kind of public file; each is read by a test of that name. */
const KINDS = [
  ...['checkpoint_config', 'hf_results_json', 'layout', 'lightning_csv'],
  ...['llamafactory_trainer_log', 'nanogpt_log', 'tfevents', 'trainer_state'],
  'trainer_state_not_parseable',
]

test.skipIf(!corpus)(`every kind of public file is read by a test${why}`, async () => {
  const text = await readFile(join(corpus, 'index.tsv'), 'utf8')
  const kinds = text.trimEnd().split('\n').slice(1)
  expect([...new Set(kinds.map((line) => line.split('\t')[0]))].sort()).toEqual(KINDS)
})
