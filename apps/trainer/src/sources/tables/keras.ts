import { noProgress } from '../events/attempts.ts'
import { headOf } from '../../files/csv.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { type TableState, readRow } from './epochTable.ts'
import { lineSource } from '../reader/lineSource.ts'
import { isMeasure } from '../events/names.ts'
import { isHeldOutFile } from '../logs/splitFile.ts'
import type { Listing } from '../../files/listing.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { countsFromZero, numberedValues } from '../weights/tableBase.ts'

const SEPARATORS = [',', ';', '\t']

interface State extends TableState {
  separator: string
  isFastai: boolean
}

/** fastai's SaveModelCallback keeps its best weights in this file. */
const FASTAI_BEST = 'model.pth'
/** fastai measures all metrics after these two on held-out data. */
const FASTAI = /^epoch,train_loss,valid_loss,(?:.*,)?time$/

/** Keras' CSVLogger: one row per epoch, counted from 0. Held-out metrics have the prefix `val_`. */
export const KERAS = lineSource<State>({
  name: 'keras_csv',
  // Of several tables only the first is read.
  files: async (listing) => {
    const tables = await listing.files(/\.(csv|tsv)$/i, isTable)
    // Keras does not write one table per split.
    return tables.some(isHeldOutFile) ? [] : tables.slice(0, 1)
  },
  begin: async (listing) => ({
    ...noProgress(),
    columns: [],
    epoch_at: -1,
    base: null,
    separator: ',',
    isFastai: false,
    named: await numberedValues(listing),
    isFromZero: await countsFromZero(listing),
  }),
  line: (state, line) => {
    if (line.line === 1) {
      state.separator = separatorOf(line.text) ?? ','
      state.isFastai = FASTAI.test(line.text.trim())
    }
    const { separator } = state
    return readRow(state, line, { separator, ...(state.isFastai && { isEvaluated: isOfFastai }) })
  },
  started: async (listing: Listing) => {
    const { fields, warnings } = readDeclaration(await readConfigurations(listing.root))
    return { fields: { ...fields, config: { ...fields.config, step_unit: 'epoch' } }, warnings }
  },
  saved,
  infers: true,
})

/** The weights of a run, joined to the table. */
async function saved(listing: Listing, state: State, history: LogHistory): Promise<SavedFile[]> {
  const { fields, totals } = readDeclaration(await readConfigurations(listing.root))
  const axis = { isEpochs: true, shift: state.base === 0 ? 1 : 0 } as const
  const { total_epochs } = totals
  if (state.isFastai) history.best_file = FASTAI_BEST
  return findSavedWeights(listing, history, axis, { metric: fields.metric_for_best, total_epochs })
}

function isOfFastai(name: string): boolean {
  return name !== 'train_loss' && isMeasure(name)
}

function separatorOf(head: string): string | undefined {
  return SEPARATORS.find((one) => headOf(head, one).includes('epoch'))
}

function isTable(head: string): boolean {
  const names = headOf(head, separatorOf(head))
  if (!names.includes('epoch') || names.includes('step')) return false
  return names.some((name) => /^(val_|loss$|train_loss$)/.test(name))
}
