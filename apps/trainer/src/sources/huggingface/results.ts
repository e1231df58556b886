import { isFiniteMeasure, type TrainingEvent, readerNote, admitAll } from '@bestmark/core'
import { inspectCheckpoint } from '../../checkpoints/inspect.ts'
import { readLoadsBest } from './finalWeights.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { endedEvent, startedEvent } from '../events/newEvents.ts'
import { Listing } from '../../files/listing.ts'
import { evaluations } from './resultEvents.ts'
import { readResults, findResultsFiles, type Results, hasTrainingResults } from './resultsFiles.ts'
import { valuesText } from '../events/valuesText.ts'
import { readNumberedName, findSavedFiles, type SavedFile } from '../events/savedFiles.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { findStepRange, readPlannedEpochs, type StepRange } from './trainingLength.ts'
import { WholeReader } from '../reader/wholeReader.ts'

/**
 * A run with only the result files of the HuggingFace Trainer's `save_metrics` (`all_results.json` and
 * its parts): the length of the training, and the metrics after it.
 */
export const RESULTS: Source = {
  name: 'huggingface_results',
  isHere: async (listing) => {
    for (const file of await findResultsFiles(listing)) {
      if (await hasTrainingResults(listing, file)) return true
    }
    return false
  },
  files: watchedFiles,
  open: (options) => new WholeReader({ files: watchedFiles, events: eventsIn }, options),
}

async function watchedFiles(listing: Listing): Promise<string[]> {
  return [...(await findResultsFiles(listing)), ...(await saves(listing)).map(({ path }) => path)]
}

async function saves(listing: Listing): Promise<SavedFile[]> {
  const found = await findSavedFiles(listing, [''], readNumberedName)
  return found.filter(({ path }) => /^checkpoint-\d+$/.test(path))
}

async function eventsIn({ root }: ReadOptions): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const saved = await saves(listing)
  const results = await readResults(root, await findResultsFiles(listing))
  const configurations = await readConfigurations(root)
  const { fields, warnings } = readDeclaration(configurations)
  const folders = saved.map(({ path }) => path)
  const loads = await readLoadsBest(root, folders, configurations)
  const epochs = await readPlannedEpochs(root, folders, configurations)
  const steps = findStepRange(results, epochs, saved)
  const notes = [...warnings, ...results.problems]
  const found = [
    startedEvent({ ...fields, total_steps: singleStep(steps) }),
    ...measured(results, saved, { loads, steps }),
    ...(await Promise.all(saved.map((one) => savedEvent(root, one)))),
    ...notes.map((note) => readerNote(0, note)),
    endedEvent(0, 'completed'),
  ]
  return admitAll(found, results.file)
}

/** The number of steps, if only one fits. */
function singleStep(steps: StepRange | null): number | null {
  return steps && steps[0] === steps[1] ? steps[0] : null
}

/** The end of training: the possible numbers of steps, and whether another checkpoint was loaded. */
interface End {
  steps: StepRange | null
  loads: boolean | null
}

/** The evaluations after training, at its last step, and the mean training loss. */
function measured(
  results: Results,
  saved: readonly SavedFile[],
  { loads, steps }: End,
): TrainingEvent[] {
  const { file, epoch, train_loss } = results
  const names = Object.keys(results.values)
  const score = `To add them, run: bestmark score CHECKPOINT --results ${file}`
  if (!steps) {
    const text = `${file} has ${valuesText(results.values)}. They are ignored, because the file does not have the number of training steps. ${score}`
    return names.length > 0 ? [readerNote(0, { code: 'results_ignored', text })] : []
  }
  const step = singleStep(steps) ?? middleStep(steps, saved)
  const at = { attempt: 0, step, epoch: isFiniteMeasure(epoch) ? epoch : null }
  const trained: TrainingEvent[] =
    train_loss === null ? [] : [{ type: 'metrics', ...at, at: null, values: { train_loss } }]
  const events = [
    readerNote(0, { code: 'steps_computed', text: stepsText(file, steps, step) }, 'info'),
    ...trained,
  ]
  if (names.length === 0) return events
  if (loads === null) {
    const assumed = { code: 'results_assumed_last', text: lastText(file) } as const
    events.push(readerNote(0, assumed, 'info'))
  }
  if (!loads) return [...events, ...evaluations(results, names, at)]
  const text = `Ignored the metrics in ${file}: no file names the checkpoint that was loaded after training. ${score}`
  return [...events, readerNote(0, { code: 'results_ignored', text })]
}

function lastText(file: string): string {
  return `The metrics in ${file} are assumed to be from the last step. No file says that another checkpoint was loaded after training`
}

function stepsText(file: string, [fewest, most]: StepRange, step: number): string {
  const rate = `runtime and rate in ${file}`
  if (fewest === most) return `Training took ${step} steps, computed from the ${rate}`
  return `Training took ${fewest} to ${most} steps, computed from the epoch, ${rate}. The last step is shown as ${step}, without a checkpoint`
}

/** The middle of the possible steps. It is not the step of a checkpoint, because the exact step is unknown. */
function middleStep([fewest, most]: StepRange, saved: readonly SavedFile[]): number {
  const used = new Set(saved.map(({ step }) => step))
  let step = Math.round((fewest + most) / 2)
  while (used.has(step)) step++
  return step
}

async function savedEvent(root: string, { path, step, mtime }: SavedFile): Promise<TrainingEvent> {
  const seen = await inspectCheckpoint(root, path, null)
  const at = Math.round(mtime)
  return { type: 'checkpoint', attempt: 0, step, path, epoch: null, at, role: null, ...seen }
}

/** What result files without a training have, as a sentence; undefined if there are none. */
export async function evaluationText(root: string): Promise<string | undefined> {
  const files = await findResultsFiles(new Listing(root))
  const { values } = await readResults(root, files)
  if (Object.keys(values).length === 0) return undefined
  return `${files.join(', ')} has the results of an evaluation (${valuesText(values)}), but no training.`
}
