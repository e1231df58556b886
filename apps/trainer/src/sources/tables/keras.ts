import { beginning } from '../events/attempts.ts'
import { headOf } from '../../files/csv.ts'
import { readConfigurations } from '../config/configuration.ts'
import { declared } from '../config/declaration.ts'
import { type TableState, tellRow } from './epochTable.ts'
import { lineSource } from '../reader/lineSource.ts'
import { isOfHeldOut } from '../logs/splitFile.ts'
import type { Listing } from '../../files/folder.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { History } from '../weights/history.ts'
import { savedWeights } from '../weights/saved.ts'
import { namedValues } from '../weights/tableBase.ts'

const SEPARATORS = [',', ';', '\t']

interface State extends TableState {
  separator: string
}

/** Keras' CSVLogger: a row an epoch, counted from 0, with `val_` before what was held out. */
export const KERAS = lineSource<State>({
  name: 'keras_csv',
  // Of several tables one tells the run; which others there are for, nobody knows.
  files: async (listing) => {
    const tables = await listing.files(/\.(csv|tsv)$/i, isTable)
    // A table per split is no table of Keras.
    return tables.some(isOfHeldOut) ? [] : tables.slice(0, 1)
  },
  begin: async (listing) => ({
    ...beginning(),
    columns: [],
    epoch_at: -1,
    base: null,
    separator: ',',
    named: await namedValues(listing),
  }),
  line: (state, line) => {
    if (line.line === 1) state.separator = separatorOf(line.text) ?? ','
    return tellRow(state, line, { separator: state.separator })
  },
  started: async (listing: Listing) => {
    const { fields, warnings } = declared(await readConfigurations(listing.root))
    return { told: { ...fields, config: { ...fields.config, step_unit: 'epoch' } }, warnings }
  },
  saved,
  infers: true,
})

/** Files are of the epochs that names, values and times tell; one that keeps the best, of the declared metric's. */
async function saved(listing: Listing, state: State, history: History): Promise<SavedFile[]> {
  const { fields, totals } = declared(await readConfigurations(listing.root))
  const axis = { isEpochs: true, shift: state.base === 0 ? 1 : 0 } as const
  const { total_epochs } = totals
  return savedWeights(listing, history, axis, { metric: fields.metric_for_best, total_epochs })
}

function separatorOf(head: string): string | undefined {
  return SEPARATORS.find((one) => headOf(head, one).includes('epoch'))
}

function isTable(head: string): boolean {
  const names = headOf(head, separatorOf(head))
  if (!names.includes('epoch') || names.includes('step')) return false
  return names.some((name) => /^(val_|loss$|train_loss$)/.test(name))
}
