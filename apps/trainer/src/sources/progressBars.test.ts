import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsFrom, select, type TrainingEvent } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile, zip } from '../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { readRun } from './readRun.ts'
import { findSources, openRun } from './sources.ts'

/** What real programs drew, beside the script that made it (`progress_bars.py`). */
const BARS = fileURLToPath(new URL('fixtures/programs/bars', import.meta.url))
const LOSSES = [0.95, 0.7, 0.62, 0.71, 0.8]

/** The run of a recorded log with some weights. */
async function read(kind: string, weights: readonly string[] = []) {
  await using folder = await temporaryFolder()
  const saved = weights.map((name) => [name, name.endsWith('.keras') ? zip() : torchFile({})])
  await writeFiles(folder.path, Object.fromEntries(saved))
  await cp(join(BARS, `${kind}.log`), join(folder.path, 'train.log'))
  const { events } = await readRun(folder.path)
  const rows = rowsFrom(events)
  const { best } = select({ policy: 'as_declared', ...rows })
  const losses = events.flatMap((event) => {
    const values = event.type === 'metrics' ? event.values : {}
    const loss = values['loss'] ?? values['train_loss']
    return loss === undefined || event.type !== 'metrics' ? [] : [[event.step, loss]]
  })
  const held = rows.evaluations.map(({ step, values }) => [step, values['eval_loss']])
  const attempts = new Set(events.map(({ attempt }) => attempt)).size
  return { best: [best?.path, best?.step, best?.value], held, losses, attempts }
}

const of = (add: number, name: (index: number) => string) =>
  LOSSES.map((_loss, index) => name(index + add))

// Lightning printed `best …/epoch=6-step=28.ckpt 0.9272443652153015`. Its bars show three digits, and
// keep the value of an epoch until the next evaluation.
test.each(['lightning', 'lightning_rich'])(
  'a validation loss belongs to the epoch in which it changed: %s',
  async (kind) => {
    const { best, held, losses } = await read(kind, [
      'epoch=6-step=28.ckpt',
      'epoch=7-step=32.ckpt',
    ])
    expect(best).toEqual(['epoch=6-step=28.ckpt', 7, 0.927])
    expect(held.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(losses.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(losses.at(-1)).toEqual([8, 0.3])
  },
)

test('a wrapped bar of Lightning counts epochs from 0, too', async () => {
  await using folder = await temporaryFolder()
  const bar = `Epoch 7/7  ${'━'.repeat(18)} 4/4 0:00:00 • 0:00:00 27.96it/s train_loss: 0.300 `
  await writeFiles(folder.path, {
    'train.log': `${bar}\n${' '.repeat(60)}val_loss: 1.004   \n`,
    'epoch=7-step=32.ckpt': torchFile({}),
  })
  const { evaluations, checkpoints } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ step, values }) => [step, values])).toEqual([[8, { eval_loss: 1.004 }]])
  expect(checkpoints.map(({ step }) => step)).toEqual([8])
})

test("the Trainer's rows have the step of its bar, and its evaluation's bar has none", async () => {
  const { best, held, losses } = await read('huggingface', ['checkpoint-20.pt', 'checkpoint-40.pt'])
  expect(held.map(([step]) => step)).toEqual([10, 20, 30, 40, 50, 60])
  expect(losses.map(([step]) => step)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60])
  expect(best.slice(0, 2)).toEqual(['checkpoint-20.pt', 20])
})

test("an epoch of Keras has one loss, that of its last drawing before an evaluation's", async () => {
  const { best, held, losses } = await read('keras', ['m-03.keras', 'm-06.keras'])
  expect(held.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(losses.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(best.slice(0, 2)).toEqual(['m-03.keras', 3])
})

test('a bar per epoch has its training loss once, at its end', async () => {
  const { best, held, losses } = await read(
    'epochs',
    of(1, (epoch) => `epoch_${epoch}.pt`),
  )
  expect(held).toEqual(LOSSES.map((loss, index) => [index + 1, loss]))
  expect(losses).toEqual([0.91, 0.81, 0.71, 0.61, 0.51].map((loss, index) => [index + 1, loss]))
  expect(best).toEqual(['epoch_3.pt', 3, 0.62])
})

test('a bar of the whole training counts steps, drawn before its count moves on', async () => {
  const { best, held, losses, attempts } = await read('steps', ['model_60.pt', 'model_80.pt'])
  expect(best).toEqual(['model_60.pt', 60, 0.62])
  expect(held).toEqual(LOSSES.map((loss, index) => [20 * (index + 1), loss]))
  expect(losses[0]).toEqual([1, 2])
  expect(losses.at(-1)).toEqual([100, 1.01])
  expect(attempts).toBe(1)
})

test('a bar of epochs has the values of the epoch that just ended', async () => {
  const { best, held } = await read(
    'outer',
    of(1, (epoch) => `epoch_${epoch}.pt`),
  )
  expect(held).toEqual(LOSSES.map((loss, index) => [index + 1, loss]))
  expect(best).toEqual(['epoch_3.pt', 3, 0.62])
})

test('bars below a bar of epochs belong to its epoch, and one named validation is held-out', async () => {
  const { best, held } = await read(
    'nested',
    of(0, (epoch) => `epoch_${epoch}.pt`),
  )
  expect(held).toEqual(LOSSES.map((loss, index) => [index + 1, loss]))
  expect(best).toEqual(['epoch_2.pt', 3, 0.62])
})

test('a bar without a name that starts again continues its count', async () => {
  const draw = (done: number, loss: number) =>
    `\r${10 * done}%|#| ${done}/10 [00:00<00:01, 9.0it/s, loss=${loss}]`
  const pass = (loss: number) => `${draw(5, loss)}${draw(10, loss)}\nval_loss: ${loss}\n`
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'train.log': `${pass(0.5)}${pass(0.4)}` })
  const { evaluations } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ attempt, step, epoch }) => [attempt, step, epoch])).toEqual([
    [0, 10, 1],
    [0, 20, 2],
  ])
})

test('a line that is longer than any bar is not read', async () => {
  await using folder = await temporaryFolder()
  const bar = (loss: number) =>
    `Epoch ${loss}: 100%|#| 2/2 [00:00<00:00, 9.0it/s, val_loss=${loss}]\n`
  const long = ['━', ' ━━━', '9%|', 'a/'].map((one) => `${one.repeat(20_000)}\n`).join('')
  await writeFiles(folder.path, { 'train.log': `${bar(1)}${long}${bar(2)}` })
  const { evaluations } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ step }) => step)).toEqual([1, 2])
})

test('the last value of a bar that was cut at the width of the terminal is not used', async () => {
  const cut = (epoch: number, loss: string) =>
    `\rEpoch ${epoch}: 100%|#| 2/2 [00:00<00:00, 9.0it/s, val_acc=0.5, val_loss=${loss}`
  await using folder = await temporaryFolder()
  const bars = `${cut(1, '0.56')}\n${cut(2, '0.5')}\n`.replace('val_acc=0.5', 'val_acc=0.4')
  await writeFiles(folder.path, { 'train.log': bars })
  const { evaluations } = rowsFrom((await readRun(folder.path)).events)
  expect(evaluations.map(({ step, values }) => [step, values])).toEqual([
    [1, { val_acc: 0.4 }],
    [2, { val_acc: 0.5 }],
  ])
})

/** What a reader sends while a file grows by pieces of some bytes, and then to its end. */
async function readWhileItGrows(name: string, text: Buffer, size: number) {
  await using folder = await temporaryFolder()
  const path = join(folder.path, name)
  await writeFile(path, text.subarray(0, size))
  let events: TrainingEvent[] = []
  let cursor: string | null = null
  let live = 0
  const read = async (isOver: boolean) => {
    const sources = await findSources(folder.path)
    if (sources.length === 0) return
    for (;;) {
      const reader = openRun(sources, { root: folder.path, cursor, isOver })
      const piece = await reader.next()
      if (piece.replace) events = []
      events.push(...piece.events)
      if (piece.cursor === cursor) return
      cursor = piece.cursor
    }
  }
  for (let at = size; at < text.length; at += size) {
    await read(false)
    live = measuredIn(events).length
    await appendFile(path, text.subarray(at, at + size))
  }
  await read(true)
  return { live, all: measuredIn(events) }
}

const measuredIn = (events: readonly TrainingEvent[]) =>
  events.flatMap((event) => {
    const isMeasured = event.type === 'metrics' || event.type === 'evaluation'
    return isMeasured ? [[event.type, event.attempt, event.step, event.values]] : []
  })

const RECORDED = [
  'epochs',
  'huggingface',
  'keras',
  'lightning',
  'lightning_rich',
  'nested',
] as const

test.each(['train.log', 'bestmark-output.log'])(
  'bars are read while they are drawn, as they are read when they are complete: %s',
  async (name) => {
    for (const kind of [...RECORDED, 'outer', 'steps']) {
      const text = await readFile(join(BARS, `${kind}.log`))
      const whole = await readWhileItGrows(name, text, text.length)
      expect(whole.all.length, kind).toBeGreaterThan(0)
      for (const size of [1021, 4099]) {
        expect((await readWhileItGrows(name, text, size)).all, `${kind} ${size}`).toEqual(whole.all)
      }
    }
  },
)

test('a bar whose line has no end yet is live', async () => {
  const drawings = Array.from({ length: 60 }, (_, at) => {
    const done = at % 20
    const values = `loss=${(1 - at / 100).toFixed(3)}`
    return `\rEpoch ${Math.floor(at / 20) + 1}/3:  ${5 * done}%|###   | ${done}/20 [00:01<00:02, 14.0it/s, ${values}]`
  })
  for (const name of ['train.log', 'bestmark-output.log']) {
    const { live, all } = await readWhileItGrows(name, Buffer.from(drawings.join('')), 97)
    expect(all.length).toBeGreaterThan(2)
    expect(live).toBeGreaterThanOrEqual(2)
  }
})
