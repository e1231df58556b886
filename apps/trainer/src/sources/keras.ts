import { beginning } from './attempts.ts'
import { headOf } from './columns.ts'
import { readConfigurations } from './configuration.ts'
import { declared } from './declaration.ts'
import { type TableState, tellRow } from './epochTable.ts'
import { lineSource } from './lineSource.ts'
import type { Listing } from './listing.ts'
import { type NameReader, savedIn } from './savedFiles.ts'

const SEPARATORS = [',', ';', '\t']

/** Keras' CSVLogger: a row an epoch, counted from 0, with `val_` before what was held out. */
export const KERAS = lineSource<TableState & { separator: string }>({
  name: 'keras_csv',
  // Of several tables one tells the run; which others there are for, nobody knows.
  files: async (listing) => (await listing.files(/\.(csv|tsv)$/i, isTable)).slice(0, 1),
  begin: () => ({ ...beginning(), columns: [], epoch_at: -1, base: null, separator: ',' }),
  line: (state, line) => {
    if (line.line === 1) state.separator = separatorOf(line.text) ?? ','
    return tellRow(state, line, state)
  },
  started: async (listing: Listing) => {
    const { fields, warnings } = declared(await readConfigurations(listing.root))
    return { told: { ...fields, config: { ...fields.config, step_unit: 'epoch' } }, warnings }
  },
  saved: (listing) => savedIn(listing, ['', 'checkpoints', 'models', 'weights'], kerasName),
})

function separatorOf(head: string): string | undefined {
  return SEPARATORS.find((one) => headOf(head, one).includes('epoch'))
}

function isTable(head: string): boolean {
  const names = headOf(head, separatorOf(head))
  if (!names.includes('epoch') || names.includes('step')) return false
  return names.some((name) => /^(val_|loss$|train_loss$)/.test(name))
}

/** An integer that stands for itself in a name, and is no part of a decimal number. */
const NUMBER = /(?:^|[-_]|(?<!\d)\.)0*(\d{1,9})(?!\d|\.\d)/

/** `ckpt-03-0.047.keras`, `model.03.weights.h5`: names count epochs from 1, where the table does from 0. */
export const kerasName: NameReader = (name) => {
  if (!/\.(keras|h5)$/.test(name)) return undefined
  const bare = name.replace(/(\.weights)?\.(keras|h5)$/, '')
  const epoch = (/epoch[-_=]?0*(\d{1,9})/i.exec(bare) ?? NUMBER.exec(bare))?.[1]
  const role = /(best|last|final)/i.exec(bare)?.[1]?.toLowerCase() ?? null
  const step = epoch === undefined ? null : Number(epoch)
  return { step, epoch: step, role: step === null ? (role ?? 'latest') : role }
}
