import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { publicRows } from '../testing.ts'
import { readRun } from './readRun.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

/** The best evaluation of a public run, by our rule. */
async function bestOf(path: string) {
  const { events, source } = await readRun(dirname(path))
  const input = { policy: 'lowest_eval_loss', among: 'evaluations', ...rowsFrom(events) } as const
  const evaluated = events.filter((event) => event.type === 'evaluation')
  return { source, best: select(input).best, events, evaluated }
}

test.skipIf(!corpus)(
  `the best of a public Lightning table is the one in its index${why}`,
  async () => {
    const rows = await publicRows(corpus ?? '', 'lightning_csv')
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      const { source, best, evaluated } = await bestOf(join(corpus ?? '', row['saved_as']!))
      expect(source).toBe('lightning_csv')
      // The index has the step of the row. Bestmark counts completed steps, which is one more.
      const counted = / step=(\d+)$/.exec(row['argmin_eval_loss_step']!)?.[1]
      expect(best?.step, row['path']).toBe(counted === undefined ? undefined : Number(counted) + 1)
      if (counted) expect(best?.value).toBe(Number(row['argmin_eval_loss']))
      expect(evaluated).toHaveLength(Number(row['n_eval']))
    }
  },
)

test.skipIf(!corpus)(
  `rows of public Lightning tables include the steps of the files beside them${why}`,
  async () => {
    for (const row of await publicRows(corpus ?? '', 'lightning_csv')) {
      const path = join(corpus ?? '', row['saved_as']!)
      const listed = await readFile(join(dirname(path), '_checkpoint_files.txt'), 'utf8').catch(
        () => '',
      )
      const { events } = await bestOf(path)
      const steps = events.flatMap((event) => (event.type === 'metrics' ? [event.step] : []))
      for (const [, step] of listed.matchAll(/step=(\d+)/g))
        expect(Math.max(...steps)).toBe(Number(step))
    }
  },
)

test.skipIf(!corpus)(
  `the best of a public log in the format of nanoGPT is the one in its index${why}`,
  async () => {
    for (const row of await publicRows(corpus ?? '', 'nanogpt_log')) {
      const path = join(corpus ?? '', row['saved_as']!)
      const { source, best, evaluated } = await bestOf(path)
      expect(source).toBe('text_log')
      expect(best?.step).toBe(Number(row['argmin_eval_loss_step']))
      expect(best?.value).toBe(Number(row['argmin_eval_loss']))
      expect(evaluated).toHaveLength(Number(row['n_eval']))
      const lines = (await readFile(path, 'utf8')).split('\n')
      for (const { origin, values } of evaluated) {
        expect(origin?.file).toBe(relative(dirname(path), path))
        expect(lines[origin!.line! - 1]).toContain(`val_loss:${values['eval_loss']?.toFixed(4)}`)
      }
    }
  },
)

test.skipIf(!corpus)(`the best of public event files is the one in their index${why}`, async () => {
  for (const row of await publicRows(corpus ?? '', 'tfevents')) {
    const { source, best, evaluated } = await bestOf(join(corpus ?? '', row['saved_as']!))
    expect(source, row['path']).toBe('tensorboard')
    expect(evaluated, row['path']).toHaveLength(Number(row['n_eval']))
    if (row['argmin_eval_loss']) expect(best?.value).toBeCloseTo(Number(row['argmin_eval_loss']), 6)
    if (row['argmin_eval_loss_step']) expect(best?.step).toBe(Number(row['argmin_eval_loss_step']))
  }
})

test.skipIf(!corpus)(
  `the best of a public log of LLaMA-Factory is the one in its index${why}`,
  async () => {
    for (const row of await publicRows(corpus ?? '', 'llamafactory_trainer_log')) {
      const path = join(corpus ?? '', row['saved_as']!)
      const { source, best, evaluated, events } = await bestOf(path)
      expect(source, row['path']).toBe('llamafactory')
      expect(evaluated, row['path']).toHaveLength(Number(row['n_eval']))
      const step = row['argmin_eval_loss_step']
      expect(best?.step, row['path']).toBe(step ? Number(step) : undefined)
      if (step) expect(best?.value).toBe(Number(row['argmin_eval_loss']))
      const logs = (await readFile(path, 'utf8')).split('\n')
      for (const { origin, values } of evaluated) {
        expect(logs[origin!.line! - 1]).toContain(`"eval_loss": ${values['eval_loss']}`)
      }
      expect(events.filter(({ type }) => type === 'log')).toEqual([])
    }
  },
)

test.skipIf(!corpus)(
  `an empty column of rewards does not make a public run preference training${why}`,
  async () => {
    const rows = await publicRows(corpus ?? '', 'llamafactory_trainer_log')
    const rewarded = rows.filter(({ metric_names = '' }) => /\breward\b/.test(metric_names))
    expect(rewarded.length).toBeGreaterThan(0)
    for (const row of rewarded) {
      const { events } = await readRun(dirname(join(corpus ?? '', row['saved_as']!)))
      const chosen = select({ policy: 'as_declared', among: 'evaluations', ...rowsFrom(events) })
      expect(chosen.metric, row['path']).toBe('eval_loss')
      expect(chosen.best?.value ?? null, row['path']).toBe(
        row['argmin_eval_loss'] ? Number(row['argmin_eval_loss']) : null,
      )
    }
  },
)
