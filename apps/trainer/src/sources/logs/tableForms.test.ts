import { gzipSync } from 'node:zlib'
import { rowsFrom, select } from '@bestmark/core'
import { expect, test } from 'vitest'
import { torchFile } from '../../checkpoints/testing.ts'
import { temporaryFolder, writeFiles } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'

const LOSSES = [0.9, 0.75, 0.85]
const WEIGHTS = Object.fromEntries([1, 2, 3, 4].map((epoch) => [`e${epoch}.pt`, torchFile({})]))

async function read(file: string, text: string | Buffer, only?: string) {
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { [file]: text, ...(only ? { [only]: torchFile({}) } : WEIGHTS) })
  const { events } = await readRun(folder.path)
  const { best } = select({ policy: 'as_declared', ...rowsFrom(events) })
  return { best: best && [best.path, best.value], warnings: readerWarnings(events) }
}

/** A head, and a row per epoch. */
const rows = (head: string, row: (epoch: number, loss: number) => string): string =>
  [head, ...LOSSES.map((loss, index) => row(index + 1, loss))].join('\n') + '\n'

const comma = (value: number): string => value.toFixed(2).replace('.', ',')
const PLAIN = rows('epoch,train_loss,val_loss', (epoch, loss) => `${epoch},1.5,${loss.toFixed(2)}`)
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le')

test.each([
  ['line ends of old Macs', PLAIN.replaceAll('\n', '\r')],
  [
    'decimal commas between semicolons',
    rows('epoch;train_loss;val_loss', (epoch, loss) => `${epoch};1,5;${comma(loss)}`),
  ],
  [
    'decimal commas in quotes',
    rows('epoch,train_loss,val_loss', (epoch, loss) => `${epoch},"1,5","${comma(loss)}"`),
  ],
  [
    'a German head',
    rows('Epoche;Trainings-Loss;Val-Loss', (epoch, loss) => `${epoch};1,5;${comma(loss)}`),
  ],
  ['spaces', rows('epoch train_loss val_loss', (epoch, loss) => `${epoch} 1.5 ${loss}`)],
  [
    'aligned columns with spaces in their names',
    rows('Epoch   Train Loss   Val Loss', (epoch, loss) => `${epoch}       1.5          ${loss}`),
  ],
  ['comments before the head', `# a note\n\n# lr: 0.1, epochs: 3\n${PLAIN}`],
  ['a head after a number sign', `#${PLAIN}`],
  ['a split in brackets', PLAIN.replace('train_loss,val_loss', 'loss (train),loss (val)')],
  [
    'the number of all epochs in each row',
    rows('epoch,train_loss,val_loss', (epoch, loss) => `${epoch}/3,1.5,${loss}`),
  ],
  ['a head that is written again', PLAIN.replace('\n3,', '\nepoch,train_loss,val_loss\n3,')],
  [
    'columns that are added later',
    PLAIN.replace('\n2,1.5,', '\nepoch,lr,train_loss,val_loss\n2,0.1,1.5,').replace(
      '\n3,1.5,',
      '\n3,0.1,1.5,',
    ),
  ],
])('a table with %s is read', async (_form, text) => {
  expect(await read('log.csv', text)).toEqual({ best: ['e2.pt', 0.75], warnings: [] })
})

test('a table that counts steps may write its head again with other columns', async () => {
  const text =
    'step,train_loss,val_loss\n1,1.5,0.9\nstep,val_loss,train_loss\n2,0.75,1.5\n3,0.85,1.5\n'
  expect((await read('log.csv', text, 'step_2.pt')).best).toEqual(['step_2.pt', 0.75])
})

test('a table that pandas wrote with its index is read, as is its JSON', async () => {
  const table = LOSSES.map((loss, index) => `${index},1.5,${loss}\n`).join('')
  expect((await read('history.csv', `,loss,val_loss\n${table}`)).best).toEqual(['e2.pt', 0.75])
  const column = (values: readonly (number | null)[]) => ({ ...values })
  const json = { loss: column([1.5, null, 1.5]), val_loss: column(LOSSES) }
  expect((await read('history.json', JSON.stringify(json))).best).toEqual(['e2.pt', 0.75])
  // A table without held-out values may be any data.
  await expect(read('data.csv', ',height,width\n0,1,2\n1,3,4\n')).rejects.toThrow('No training')
})

test('a percent sign does not change the number', async () => {
  const text = rows('epoch,train_loss,val_acc', (epoch, loss) => `${epoch},1.5,${loss * 100}%`)
  await using folder = await temporaryFolder()
  await writeFiles(folder.path, { 'log.csv': text, ...WEIGHTS })
  const rowsOfRun = rowsFrom((await readRun(folder.path)).events)
  const { best } = select({ policy: 'metric', options: { metric: 'val_acc' }, ...rowsOfRun })
  expect([best?.path, best?.value]).toEqual(['e1.pt', 90])
})

test.each(['1.#QNAN', '-nan(ind)', '-1.#IND', 'inf', '∞', '+Infinity', 'NA', '', 'null'])(
  '"%s" is no best value',
  async (word) => {
    const text = `${PLAIN}4,1.5,${word}\n`
    expect((await read('log.csv', text)).best).toEqual(['e2.pt', 0.75])
  },
)

test.each([
  ['UTF-16, as PowerShell writes it', 'log.csv', utf16(PLAIN)],
  ['gzip', 'log.csv.gz', gzipSync(PLAIN)],
  ['gzip without its end, as it is while it grows', 'log.csv.gz', gzipSync(PLAIN).subarray(0, -8)],
  ['UTF-16, a text log', 'train.log', utf16('Epoch 1 val_loss: 0.9\nEpoch 2 val_loss: 0.75\n')],
])('a log in %s is read', async (_form, file, text) => {
  expect((await read(file, text)).best).toEqual(['e2.pt', 0.75])
})

test.each([
  ['after the point', '4,1.5,0.'],
  ['after fewer decimals than in every row', '4,1.5,0.1'],
  ['before the point', '4,1.5,0'],
])('a last value that is cut %s is ignored, and the run says so', async (_how, row) => {
  const { best, warnings } = await read('log.csv', PLAIN + row)
  expect(best).toEqual(['e2.pt', 0.75])
  expect(warnings).toEqual([expect.stringContaining('cut short')])
})

test('a last line without a newline counts if its number is whole', async () => {
  expect((await read('log.csv', `${PLAIN}4,1.5,0.50`)).best).toEqual(['e4.pt', 0.5])
})

test('a text log may have the line ends of old Macs and decimal commas', async () => {
  const text = LOSSES.map((loss, index) => `Epoch ${index + 1}: val_loss ${comma(loss)}\r`).join('')
  expect((await read('train.log', text)).best).toEqual(['e2.pt', 0.75])
})
