import { grouped, type ReaderNote, type Found, noStep } from '@bestmark/core'
import { basename } from 'node:path'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { cells, headOf, numberIn } from '../../files/csv.ts'
import { completedEpochs, type EpochState, noEpochs } from '../events/completedEpochs.ts'
import { type Column, columnsOf, valuesOf } from './columns.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { measuredEvents } from '../events/newEvents.ts'
import { readTorchState, type TorchState } from '../../files/torchState.ts'
import type { RunStart, FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import { heldOutName } from '../events/names.ts'
import {
  type NameReader,
  findSavedFiles,
  type SavedFile,
  readMissingSteps,
} from '../events/savedFiles.ts'
import type { Listing } from '../../files/listing.ts'
import { findLogFolders } from '../logs/logFile.ts'
import { listWeights } from '../weights/finder.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { sortSaved, findSavedWeights } from '../weights/savedWeights.ts'

const FILE = 'metrics.csv'

/** What earlier lines of Lightning's CSVLogger contained. */
interface State extends Progress {
  columns: Column[]
  step_at: number
  epoch_at: number
  /** The last row's step and epoch, and the last evaluation's values. */
  before: { step: number; epoch: number; evaluation: string } | null
  epochs: EpochState
}

/** Lightning's CSVLogger: a folder `version_N` with `metrics.csv`, `hparams.yaml` and `checkpoints/`. */
export const LIGHTNING = lineSource<State>({
  name: 'lightning_csv',
  files: tables,
  begin: () => ({
    ...noProgress(),
    ...{ columns: [], step_at: -1, epoch_at: -1, before: null, epochs: noEpochs() },
  }),
  line: readLine,
  started,
  saved,
})

/** The table in the root, else tables in log folders below it, if the root holds weights. */
async function tables(listing: Listing): Promise<string[]> {
  const here = await listing.files(/^metrics\.csv$/, isTable)
  if (here.length > 0) return here
  const found: string[] = []
  for (const folder of await findLogFolders(listing)) {
    const file = `${folder}/${FILE}`
    const head = listing.names(folder).includes(FILE) ? await listing.head(file) : ''
    if (isTable(head) && headOf(head).includes('epoch')) found.push(file)
  }
  const isAlone = found.length === 0 || (await listWeights(listing)).length === 0
  return isAlone ? [] : found
}

/** The weights of a run. Lightning's files have their steps; others are joined to the table. */
async function saved(listing: Listing, _state: State, history: LogHistory): Promise<SavedFile[]> {
  const axis = { isEpochs: false, shift: 0 } as const
  history.epochs_from_zero = true
  const found = await findSavedWeights(listing, history, axis, { metric: null, total_epochs: null })
  return sortSaved(await withTrainingSteps(listing.root, found))
}

function isTable(head: string): boolean {
  const names = headOf(head)
  return names.includes('step') && names.length > 1
}

/**
 * Reads a row. `step` counts batches from 0, also in evaluations: the weights of row 6299 have 6300
 * optimiser steps, as in checkpoint names. `epoch` counts from 0 too.
 */
function readLine(state: State, { text, line, file }: FileLine): Found[] {
  const row = cells(text)
  if (line === 1) {
    state.step_at = row.indexOf('step')
    state.epoch_at = row.indexOf('epoch')
    state.columns = columnsOf(row, ['step', 'epoch'])
    return []
  }
  const counted = numberIn(row[state.step_at])
  if (counted === undefined || !Number.isSafeInteger(counted) || counted < 0) {
    return text.trim() === '' ? [] : [noStep()]
  }
  const logged = numberIn(row[state.epoch_at]) ?? null
  const values = valuesOf(state.columns, row)
  const isAfter = isAfterTraining(state, counted, logged, values)
  const step = counted + (isAfter ? 0 : 1)
  // After training, Lightning has counted the last epoch.
  const isCounted = logged === null || isAfter
  const epoch = isCounted ? logged : completedEpochs(state.epochs, { step, epoch: logged }, values)
  const isTraining = Object.keys(values.metrics).length > 0
  const again = isTraining && (state.step ?? 0) > step ? advance(state, step) : undefined
  if (isTraining && state.step !== step) advance(state, step)
  const at = { attempt: state.attempt, step, epoch }
  const measured = measuredEvents(at, values, { file, line })
  return again ? [again, ...measured] : measured
}

/**
 * Whether a row is an evaluation after training. Lightning counts one more step there, for a test or a
 * repeated validation, so its number is the step itself.
 */
function isAfterTraining(
  state: State,
  step: number,
  epoch: number | null,
  { metrics, evaluation }: ReturnType<typeof valuesOf>,
): boolean {
  const { before } = state
  const names = Object.keys(evaluation)
  const text = JSON.stringify(evaluation)
  const isEvaluation = names.length > 0 && Object.keys(metrics).length === 0
  const isNext = before !== null && step === before.step + 1 && (epoch ?? 0) > before.epoch
  const isTest = isEvaluation && names.every((name) => /^test[_/]/.test(name))
  const isAfter = isTest || (isEvaluation && isNext && text === before.evaluation)
  if (!isAfter) {
    const last = isEvaluation ? text : (before?.evaluation ?? '')
    state.before = { step, epoch: epoch ?? 0, evaluation: last }
  }
  return isAfter
}

async function started(listing: Listing): Promise<RunStart> {
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(listing.root))
  const newest = newestOf(await lightningSaved(listing))
  const found = newest && (await readTorchState(listing.root, newest.path))
  if (newest && found && hasOtherCount(found)) {
    totals.total_steps = null
    warnings.push(otherCountNote(newest.path, found))
  }
  const metric = fields.metric_for_best
  const metric_for_best = metric === null ? null : heldOutName(metric)
  return { fields: { ...fields, ...totals, metric_for_best }, warnings }
}

/**
 * The training steps of a file; null if unknown. During a batch Lightning has counted only the batches
 * before it. After training it has counted all of them.
 */
function trainingSteps({ step, batches }: TorchState): number | null {
  if (step === null || batches === null) return null
  const isAfter = step % (batches + 1) !== 0 && step % batches === 0
  return isAfter ? batches : batches + 1
}

/** Whether global_step is not the training step, as with several optimisers, or one that skips batches. */
function hasOtherCount(found: TorchState): boolean {
  const steps = trainingSteps(found)
  return steps !== null && steps !== found.step
}

function otherCountNote(path: string, found: TorchState): ReaderNote {
  const here = trainingSteps(found)
  const text = `Lightning's file names count the steps of all optimisers. Here a step is a training step, as in metrics.csv (${basename(path)} is step ${grouped(here)})`
  return { code: 'steps_of_training', text }
}

/** Reads names like `epoch=2-step=25.ckpt`, with other text between. Repeated names end in -v1. */
const lightningName: NameReader = (path) => {
  const name = path.split(/[\\/]/).at(-1) ?? ''
  if (!name.endsWith('.ckpt')) return undefined
  const step = /(?:^|[-_])step=?0*(\d{1,15})/.exec(name)?.[1]
  const epoch = /(?:^|[-_])epoch=?0*(\d{1,9})/.exec(name)?.[1]
  const role = /^(last|best)/.exec(name)?.[1] ?? null
  const hints = { step: step === undefined ? null : Number(step), role }
  return { ...hints, epoch: epoch === undefined ? null : Number(epoch) }
}

async function lightningSaved(listing: Listing): Promise<SavedFile[]> {
  const found = await findSavedFiles(listing, ['checkpoints', ''], lightningName)
  return withTrainingSteps(listing.root, await readMissingSteps(listing.root, found))
}

/**
 * Lightning's files with training steps. If the names count something else, as the newest file shows,
 * the number of batches in each file is used.
 */
export async function withTrainingSteps(
  root: string,
  saved: readonly SavedFile[],
): Promise<SavedFile[]> {
  const newest = newestOf(saved)
  const found = newest && (await readTorchState(root, newest.path))
  if (!found || !hasOtherCount(found)) return [...saved]
  return Promise.all(
    saved.map(async (one) => {
      const torchState = await readTorchState(root, one.path)
      return { ...one, step: torchState ? trainingSteps(torchState) : null }
    }),
  )
}

function newestOf(saved: readonly SavedFile[]): SavedFile | undefined {
  return saved.toSorted((a, b) => b.mtime - a.mtime)[0]
}
