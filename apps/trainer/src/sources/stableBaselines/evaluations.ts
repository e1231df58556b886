import { join } from 'node:path'
import { type Measured, type TrainingEvent, admitAll } from '@bestmark/core'
import { Listing } from '../../files/listing.ts'
import { readNpzArrays, type NumpyArray } from './npz.ts'
import { Failure } from '../../failure.ts'
import { noProgress } from '../events/attempts.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/newEvents.ts'
import { savedEvents } from '../events/savedFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { listWeights } from '../weights/finder.ts'
import { emptyHistory, addToHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'

const FILE = 'evaluations.npz'
const METRIC = 'eval_mean_reward'
/** Usual folders of EvalCallback's log, below the folder of the models. */
const FOLDERS = ['', 'logs', 'eval', 'eval_logs', 'evaluations', 'results']

/** The log of Stable-Baselines3's EvalCallback: rewards per episode and timestep, rewritten each time. */
export const STABLE_BASELINES: Source = {
  name: 'stable_baselines3',
  isHere: async (listing) => (await files(listing)).length > 0,
  files,
  open: (options) => new WholeReader({ files: readFiles, events: eventsIn }, options),
}

async function files(listing: Listing): Promise<string[]> {
  for (const folder of FOLDERS) {
    if (listing.names(folder).includes(FILE)) return [folder === '' ? FILE : `${folder}/${FILE}`]
  }
  return []
}

/** The log, and the weights: a model is saved after its evaluation. */
async function readFiles(listing: Listing): Promise<string[]> {
  return [...(await files(listing)), ...(await listWeights(listing)).map(({ file }) => file)]
}

async function eventsIn({ root, isOver }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const [file = FILE] = await files(listing)
  const arrays = await readNpzArrays(join(root, file))
  const [steps, results] = [arrays?.get('timesteps'), arrays?.get('results')]
  if (!steps || !results)
    throw new Failure(`${join(root, file)} is not an evaluations.npz file of Stable-Baselines3.`)
  const measured = admitAll(evaluated(arrays, steps, file), file)
  const history = emptyHistory()
  addToHistory(history, measured)
  const declares = { metric: METRIC, total_epochs: null }
  const saved = await findSavedWeights(listing, history, { isEpochs: false, shift: 0 }, declares)
  const by = 'EvalCallback, which keeps the model with the highest mean reward'
  const events = [
    startedEvent({ metric_for_best: METRIC, direction: 'max', declared_by: by }),
    ...measured,
    ...(await savedEvents(root, saved, {}, noProgress())),
    ...(isOver ? [endedEvent(0, 'stopped')] : []),
  ]
  return admitAll(events, file)
}

function evaluated(
  arrays: ReadonlyMap<string, NumpyArray> | undefined,
  { values: steps }: NumpyArray,
  results: string,
): TrainingEvent[] {
  const columns = [
    [METRIC, arrays?.get('results')],
    ['eval_mean_ep_length', arrays?.get('ep_lengths')],
    ['eval_success_rate', arrays?.get('successes')],
  ] as const
  return steps.flatMap((step, row) => {
    const evaluation: Record<string, Measured> = {}
    for (const [name, array] of columns) {
      const mean = array && meanOfRow(array, row)
      if (mean !== undefined) evaluation[name] = mean
    }
    const at = { attempt: 0, step, epoch: null }
    return measuredEvents(at, { metrics: {}, evaluation }, { file: results, line: null })
  })
}

function meanOfRow({ shape: [, width = 1], values }: NumpyArray, row: number): number | undefined {
  const cells = values.slice(row * width, (row + 1) * width)
  return cells.length === 0 ? undefined : cells.reduce((sum, one) => sum + one, 0) / cells.length
}
