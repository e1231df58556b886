import { beginning, type Progress, reach } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { cells, numberIn } from '../../files/csv.ts'
import { declared } from '../config/declaration.ts'
import { measuredEvents } from '../events/events.ts'
import { type Found, noStep } from '../../journal/gate.ts'
import { type FileLine, lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/folder.ts'
import { heldOutName, isHeldOut, isOfABatch, trainingLossAmong } from '../events/names.ts'
import { numbered, savedIn, withSteps } from '../events/savedFiles.ts'

const FOLDER = 'plots/metrics'
/** Names of metrics hold folders; so deep they are looked for. */
const DEEPEST = 4

interface State extends Progress {
  /** The metric that is the training's own loss. */
  loss: string | null
}

/** DVCLive: a table of steps and values for each metric, below `dvclive/plots/metrics`. */
export const DVCLIVE = lineSource<State>({
  name: 'dvclive',
  files: tables,
  begin: () => ({ ...beginning(), loss: null }),
  line: tell,
  started: async (listing) => {
    const { fields, totals, warnings } = declared(await readConfigurations(listing.root))
    const metric = fields.metric_for_best
    const metric_for_best = metric === null ? null : heldOutName(metric)
    return { told: { ...fields, ...totals, metric_for_best }, warnings }
  },
  saved: async (listing) => {
    const folders = ['', 'checkpoints', 'models', 'weights']
    return withSteps(listing.root, await savedIn(listing, folders, numbered))
  },
})

async function tables(listing: Listing): Promise<string[]> {
  const isOuter = (await listing.names()).includes('dvclive')
  return tablesIn(listing, isOuter ? `dvclive/${FOLDER}` : FOLDER, 0)
}

async function tablesIn(listing: Listing, folder: string, depth: number): Promise<string[]> {
  const found: string[] = []
  for (const name of await listing.names(folder)) {
    const path = `${folder}/${name}`
    if (name.endsWith('.tsv')) found.push(path)
    else if (depth < DEEPEST) found.push(...(await tablesIn(listing, path, depth + 1)))
  }
  return found
}

/** Steps are told as the program counts them: `next_step()` counts from 0, integrations tell their own. */
function tell(state: State, { text, line, file }: FileLine): Found[] {
  const row = cells(text, '\t')
  if (line === 1 || text.trim() === '') return []
  const metric = file.slice(file.indexOf(`${FOLDER}/`) + FOLDER.length + 1, -'.tsv'.length)
  const [step, value] = [numberIn(row.at(-2)), numberIn(row.at(-1))]
  if (step === undefined || !Number.isSafeInteger(step) || step < 0) {
    return [noStep()]
  }
  if (value === undefined || isOfABatch(metric)) return []
  if (trainingLossAmong([metric])) state.loss ??= metric
  const isLoss = metric === state.loss
  // The same step twice is no going back: some log each batch of an epoch at one step.
  const again = isLoss && step !== state.step ? reach(state, step) : undefined
  const name = isLoss ? 'loss' : heldOutName(metric)
  const kind = isHeldOut(metric) ? 'evaluation' : 'metrics'
  const values = { metrics: {}, evaluation: {}, [kind]: { [name]: value } }
  const at = { attempt: state.attempt, step, epoch: null }
  const told = measuredEvents(at, values, { file, line })
  return again ? [again, ...told] : told
}
