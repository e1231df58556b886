import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { csvRows, pick, real, train, why } from './programsTesting.ts'
import { readRun } from './readRun.ts'

/** The best that a program printed: its name and its value. */
function bestIn(printed: string): { best: string; value: number } {
  const [, best = '', value] = /^best (?:(.*) )?(\S+)$/m.exec(printed) ?? []
  return { best, value: Number(value) }
}

real(
  `each run of Lightning has its own version folder, and its best is the one that Lightning names${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'logs')
    for (const version of ['version_0', 'version_1']) {
      const { best, value } = bestIn(await train('lightning_fit.py', root, '--logger', 'csv'))
      expect(best).toContain(version)
      expect(await pick(join(root, version))).toMatchObject({
        best_checkpoint_path: best,
        best_metric: value,
        second_opinion: { agrees: true },
      })
    }
  },
)

real(`Lightning's event files give the best that Lightning names${why}`, async () => {
  await using folder = await temporaryFolder()
  const printed = await train('lightning_fit.py', folder.path, '--logger', 'tensorboard')
  const { best, value } = bestIn(printed)
  const picked = await pick(join(folder.path, 'version_0'))
  expect(picked).toMatchObject({ best_checkpoint_path: best })
  expect(picked.best_metric).toBeCloseTo(value, 6)
})

real(
  `with two optimisers a file of Lightning belongs to the row that was measured with its weights${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const printed = await train('lightning_fit.py', folder.path, '--optimizers', '2')
    const { best, value } = bestIn(printed)
    const { events } = await readRun(folder.path)
    const named = events.flatMap((event) => {
      const step = event.type === 'checkpoint' ? /step=(\d+)/.exec(event.path)?.[1] : undefined
      return event.type === 'checkpoint' ? [[Number(step), event.step]] : []
    })
    expect(named).toHaveLength(12)
    for (const [counted, step] of named) expect(counted).toBe(step! * 2)
    expect(await pick(folder.path)).toMatchObject({
      best_checkpoint_path: best,
      best_metric: value,
      second_opinion: { agrees: true },
    })
  },
)

real(
  `Keras' file of the best weights belongs to the epoch with the lowest loss of several fits${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const kept = ['--best-only', '--weights-only']
    for (const fits of [1, 3]) {
      const root = join(folder.path, `fits-${fits}`)
      const words = fits > 1 ? [...kept, '--fits', String(fits)] : kept
      const { value } = bestIn(await train('keras_fit.py', root, ...words))
      const rows = await csvRows(join(root, 'log.csv'))
      const lowest = rows.find(({ val_loss }) => val_loss === value)
      expect(await pick(root)).toMatchObject({
        best_checkpoint_path: join(root, 'best.weights.h5'),
        best_step: lowest!['epoch']! + 1,
        best_metric: value,
      })
    }
  },
)

real(
  `event files that a program writes without a library give the best that it printed${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    const { best, value } = bestIn(await train('summary_writer.py', root))
    const picked = await pick(root)
    expect(picked).toMatchObject({
      best_checkpoint_path: join(root, `step_${best}.pt`),
      best_step: Number(best),
    })
    expect(picked.best_metric).toBeCloseTo(value, 6)
  },
)

real(
  `what HuggingFace measures after training belongs to the weights that it loaded, with and without its state${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    await train('huggingface.py', root, '--results', '--load-best')
    const results = JSON.parse(await readFile(join(root, 'all_results.json'), 'utf8')) as {
      eval_loss: number
      predict_loss: number
    }
    const measured = async (name: string) => {
      const { events } = await readRun(root)
      return events.flatMap((event) => {
        const value = event.type === 'evaluation' ? event.values[name] : undefined
        return event.type === 'evaluation' && value !== undefined ? [[event.step, value]] : []
      })
    }
    const [[step] = []] = await measured('predict_loss')
    const losses = await measured('eval_loss')
    expect(losses).toContainEqual([step, results.eval_loss])
    expect(new Set(losses.map(([at]) => at)).size).toBe(losses.length)
    expect(await measured('predict_loss')).toEqual([[step, results.predict_loss]])
    await rename(join(root, 'all_results.json'), join(folder.path, 'all_results.json'))
    await rm(root, { recursive: true })
    const { source, events } = await readRun(folder.path)
    expect(source).toBe('huggingface_results')
    expect(events[0]).toMatchObject({ type: 'started', total_steps: 80 })
  },
)
