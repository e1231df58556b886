import { type Found, noStep } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { cells, numberIn } from '../../files/csv.ts'
import { readDeclaration } from '../config/declaration.ts'
import { measuredEvents } from '../events/newEvents.ts'
import type { FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/listing.ts'
import { heldOutName, isHeldOut, isBatchValue, findTrainingLoss } from '../events/names.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'

const FOLDER = 'plots/metrics'
/** Names of metrics may have folders, searched to this depth. */
const DEEPEST = 4

interface State extends Progress {
  /** The name of the training loss. */
  loss: string | null
}

/** DVCLive: one table per metric with steps and values, below `dvclive/plots/metrics`. */
export const DVCLIVE = lineSource<State>({
  name: 'dvclive',
  files: tables,
  begin: () => ({ ...noProgress(), loss: null }),
  line: readLine,
  started: async (listing) => {
    const { fields, totals, warnings } = readDeclaration(await readConfigurations(listing.root))
    const metric = fields.metric_for_best
    const metric_for_best = metric === null ? null : heldOutName(metric)
    return { fields: { ...fields, ...totals, metric_for_best }, warnings }
  },
  saved: async (listing, _state, history) => {
    const { fields, totals } = readDeclaration(await readConfigurations(listing.root))
    return findSavedWeights(
      listing,
      history,
      { isEpochs: false, shift: 0 },
      {
        metric: fields.metric_for_best,
        total_epochs: totals.total_epochs,
      },
    )
  },
  infers: true,
})

async function tables(listing: Listing): Promise<string[]> {
  const isOuter = listing.names().includes('dvclive')
  return tablesIn(listing, isOuter ? `dvclive/${FOLDER}` : FOLDER, 0)
}

async function tablesIn(listing: Listing, folder: string, depth: number): Promise<string[]> {
  const found: string[] = []
  for (const name of listing.names(folder)) {
    const path = `${folder}/${name}`
    if (name.endsWith('.tsv')) found.push(path)
    else if (depth < DEEPEST) found.push(...(await tablesIn(listing, path, depth + 1)))
  }
  return found
}

/** Reads a row. Its step is used as it is: `next_step()` counts from 0, integrations use their own step. */
function readLine(state: State, { text, line, file }: FileLine): Found[] {
  const row = cells(text, '\t')
  if (line === 1 || text.trim() === '') return []
  const metric = file.slice(file.indexOf(`${FOLDER}/`) + FOLDER.length + 1, -'.tsv'.length)
  const [step, value] = [numberIn(row.at(-2)), numberIn(row.at(-1))]
  if (step === undefined || !Number.isSafeInteger(step) || step < 0) {
    return [noStep()]
  }
  if (value === undefined || isBatchValue(metric)) return []
  if (findTrainingLoss([metric])) state.loss ??= metric
  const isLoss = metric === state.loss
  // The same step again is not a restart: some programs log each batch of an epoch at one step.
  const again = isLoss && step !== state.step ? advance(state, step) : undefined
  const name = isLoss ? 'loss' : heldOutName(metric)
  const kind = isHeldOut(metric) ? 'evaluation' : 'metrics'
  const values = { metrics: {}, evaluation: {}, [kind]: { [name]: value } }
  const at = { attempt: state.attempt, step, epoch: null }
  const measured = measuredEvents(at, values, { file, line })
  return again ? [again, ...measured] : measured
}
