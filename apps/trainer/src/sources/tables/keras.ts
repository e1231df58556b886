import { beginning } from '../events/attempts.ts'
import { headOf } from './columns.ts'
import { readConfigurations } from '../config/configuration.ts'
import { declared } from '../config/declaration.ts'
import { type TableState, tellRow } from './epochTable.ts'
import type { Values } from '../events/events.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/folder.ts'
import { heldOutName } from '../events/names.ts'
import { type NameReader, savedIn, type SavedFile } from '../events/savedFiles.ts'

const SEPARATORS = [',', ';', '\t']

interface State extends TableState {
  separator: string
  /** The lowest held-out loss, which is what ModelCheckpoint keeps where it is told nothing else. */
  best: { value: number; step: number; attempt: number } | null
}

/** Keras' CSVLogger: a row an epoch, counted from 0, with `val_` before what was held out. */
export const KERAS = lineSource<State>({
  name: 'keras_csv',
  // Of several tables one tells the run; which others there are for, nobody knows.
  files: async (listing) => (await listing.files(/\.(csv|tsv)$/i, isTable)).slice(0, 1),
  begin: () => ({
    ...beginning(),
    columns: [],
    epoch_at: -1,
    base: null,
    separator: ',',
    best: null,
  }),
  line: (state, line) => {
    if (line.line === 1) state.separator = separatorOf(line.text) ?? ','
    const { separator } = state
    return tellRow(state, line, { separator, also: (values, step) => kept(state, values, step) })
  },
  started: async (listing: Listing) => {
    const { fields, warnings } = declared(await readConfigurations(listing.root))
    return { told: { ...fields, config: { ...fields.config, step_unit: 'epoch' } }, warnings }
  },
  saved,
  claim: async (listing, state) => {
    const best = bestKept(state)
    const file = best && (await saved(listing, state)).find(({ role }) => role === 'best')
    if (!best || file?.step !== best.step) return undefined
    return { path: file.path, step: best.step, metric: 'eval_loss', value: best.value }
  },
})

/** Keras compares with a loss that it has seen by `<`, so the first of equal ones is kept, and a NaN for ever. */
function kept(state: State, { eval_loss: value }: Values, step: number): Values {
  const { attempt } = state
  const isBest = state.best === null || (value ?? NaN) < state.best.value
  if (typeof value === 'number' && isBest) state.best = { value, step, attempt }
  return {}
}

/**
 * The epoch of which a file is that keeps the best. Unknown where the lowest loss is of an earlier
 * fit than the last one: whether its callback saw both, the table does not tell.
 */
function bestKept({ best, attempt }: State): State['best'] {
  return best && Number.isFinite(best.value) && best.attempt === attempt ? best : null
}

async function saved(listing: Listing, state: State): Promise<SavedFile[]> {
  const found = await savedIn(listing, ['', 'checkpoints', 'models', 'weights'], kerasName)
  const best = bestKept(state)
  const { fields } = declared(await readConfigurations(listing.root))
  const metric = fields.metric_for_best
  if (!best || (metric !== null && heldOutName(metric) !== 'eval_loss')) return found
  return found.map((one) => {
    const isBest = one.role === 'best' && one.step === null
    return isBest ? { ...one, step: best.step, epoch: best.step } : one
  })
}

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
