import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

/** Runs whose recorded best is not the lowest eval_loss, and the true reason. */
const DISAGREEMENTS: Record<string, string> = {
  'fabiom91/ConvNeXt_AI_Competition_Platform': 'other_metric',
  'haipradana/indobert-indonesia-sarcastic-satire-classification': 'other_metric',
  'vivekalex61/summary_creator': 'record_restarted',
}

interface Row {
  repo: string
  file: string
}

async function trainerStates(folder: string): Promise<Row[]> {
  const [head = '', ...lines] = (await readFile(join(folder, 'index.tsv'), 'utf8'))
    .trimEnd()
    .split('\n')
  const columns = head.split('\t')
  const cell = (line: string, name: string): string => line.split('\t')[columns.indexOf(name)] ?? ''
  return lines
    .filter((line) => cell(line, 'format') === 'trainer_state')
    .map((line) => ({ repo: cell(line, 'repo'), file: join(folder, cell(line, 'saved_as')) }))
}

interface State {
  best_global_step?: number | null
  best_model_checkpoint?: string | null
  log_history: { step: number; eval_loss?: number }[]
}

async function readState(file: string): Promise<State> {
  return parsePythonJson(await readFile(file, 'utf8')) as State
}

function firstLowest({ log_history }: State): number | null {
  let best: { step: number; loss: number } | null = null
  for (const { step, eval_loss } of log_history) {
    if (eval_loss !== undefined && Number.isFinite(eval_loss) && (!best || eval_loss < best.loss)) {
      best = { step, loss: eval_loss }
    }
  }
  return best?.step ?? null
}

function recordedStep({ best_global_step, best_model_checkpoint }: State): number | null {
  const inPath = /-(\d+)$/.exec(best_model_checkpoint ?? '')?.[1]
  return best_global_step ?? (inPath === undefined ? null : Number(inPath))
}

test.skipIf(!corpus)(
  `every public run's lowest eval_loss is picked, and a recorded best that differs is explained${why}`,
  async () => {
    const rows = await trainerStates(corpus ?? '')
    const words = [
      'pick',
      '--evaluations',
      '--metric',
      'eval_loss',
      '--json',
      ...rows.map(({ file }) => file),
    ]
    const lines = (await command(words)).stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(rows.length)
    const disagreements: Record<string, string> = {}
    let without = 0
    for (const [index, { repo, file }] of rows.entries()) {
      const state = await readState(file)
      const picked = JSON.parse(lines[index] ?? '')
      expect([repo, picked.best_step]).toEqual([repo, firstLowest(state)])
      if (picked.best_step === null) without++
      const recorded = recordedStep(state)
      const agrees = recorded === null ? undefined : recorded === picked.best_step
      expect([repo, picked.second_opinion?.agrees]).toEqual([repo, agrees])
      if (agrees === false) disagreements[repo] = picked.second_opinion.because
    }
    expect(disagreements).toEqual(DISAGREEMENTS)
    expect(without).toBeGreaterThan(0)
  },
)

test.skipIf(!corpus)(
  `a public run without evaluations gives no choice; one with only other metrics is unusable${why}`,
  async () => {
    for (const { file } of await trainerStates(corpus ?? '')) {
      const state = await readState(file)
      if (firstLowest(state) !== null) continue
      const names = state.log_history.flatMap((row) => Object.keys(row))
      const others = names.some((name) => name.startsWith('eval_')) && !names.includes('eval_loss')
      const { code, stdout } = await command([
        'pick',
        '--evaluations',
        '--metric',
        'eval_loss',
        file,
      ])
      expect([code, stdout]).toEqual([others ? 2 : 1, ''])
    }
  },
)
