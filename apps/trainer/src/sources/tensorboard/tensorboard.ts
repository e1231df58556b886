import { basename, dirname } from 'node:path'
import { ownValue, setOwn } from '@bestmark/core'
import { noProgress, type Progress, advance } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { measuredEvents, readerNote, type Values } from '../events/newEvents.ts'
import { type Found, misfit } from '../../journal/gate.ts'
import type { RunStart, FileBytes, Records } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Listing } from '../../files/listing.ts'
import { heldOutName, isHeldOut, isBatchValue } from '../events/names.ts'
import { withTrainingSteps } from '../tables/lightning.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { findEventsElsewhere, findEventFiles, isRunFolder, WRITERS } from './eventFolders.ts'
import { parseEvent, type TfEvent } from './tfEvent.ts'
import { HEAD, findRecords } from './tfrecord.ts'
import { isCount } from '../../files/json.ts'

/** HuggingFace's Trainer first writes its arguments, with the folder of the run. */
const ARGUMENTS = /args\/text_summary[^]*?"output_dir": ("(?:[^"\\]|\\.)*")/

/** What a program counts: HuggingFace completed steps, Lightning batches from 0, Keras epochs from 0. */
type CountUnit = 'steps' | 'batches' | 'epochs'

interface State extends Progress {
  count_unit: CountUnit | null
  /** The training's event file and its last count, to detect evaluations after training. */
  file: string
  counted: number
  /** The progress of other writers, by folder. */
  beside: Record<string, { attempt: number; counted: number }>
  /** The tag of the training loss. */
  loss: string | null
  damaged: boolean
}

/** TensorBoard's event files, of any program. */
export const TENSORBOARD = lineSource<State>({
  name: 'tensorboard',
  files: eventFiles,
  begin: () => ({
    ...noProgress(),
    count_unit: null,
    file: '',
    counted: -1,
    beside: {},
    loss: null,
    damaged: false,
  }),
  bytes: read,
  started,
  saved,
  infers: true,
})

async function saved(
  listing: Listing,
  { count_unit }: State,
  history: LogHistory,
): Promise<SavedFile[]> {
  const { fields, totals } = readDeclaration(await readConfigurations(listing.root))
  const { total_epochs } = totals
  const axis = {
    isEpochs: count_unit === 'epochs',
    shift: count_unit === null || count_unit === 'steps' ? 0 : 1,
  } as const
  const found = await findSavedWeights(listing, history, axis, {
    metric: fields.metric_for_best,
    total_epochs,
  })
  return count_unit === 'batches' ? withTrainingSteps(listing.root, found) : found
}

async function eventFiles(listing: Listing): Promise<string[]> {
  const names = await listing.names()
  const found: string[] = []
  for (const folder of WRITERS) {
    const isWriter = names.includes(folder) && !(await isRunFolder(listing, folder))
    if (folder === '' || isWriter) found.push(...(await findEventFiles(listing, folder)))
  }
  if (names.includes('runs')) found.push(...(await huggingFaceEvents(listing, names)))
  return found.length === 0 || found.every((file) => !file.includes('/'))
    ? [...found, ...(await findEventsElsewhere(listing, found.length > 0))]
    : found
}

/**
 * HuggingFace writes event files to `runs`, one folder per start. Other programs may keep one run per
 * folder there, so the files are only read if the folder is a run of the Trainer.
 */
async function huggingFaceEvents(listing: Listing, names: readonly string[]): Promise<string[]> {
  const folders = (await listing.names('runs')).map((name) => `runs/${name}`)
  const isTrainerRun = names.some((name) => /^(trainer_state\.json|checkpoint-\d+)$/.test(name))
  const found: string[] = []
  for (const folder of ['runs', ...folders]) {
    for (const file of await findEventFiles(listing, folder)) {
      if (isTrainerRun || isOutputOf(listing.root, await listing.head(file))) found.push(file)
    }
  }
  return found
}

/** Whether the arguments in an event file name this root. It may have been moved, so only names are compared. */
function isOutputOf(root: string, head: string): boolean {
  const [, path = '""'] = ARGUMENTS.exec(head) ?? []
  try {
    const name = basename(String(JSON.parse(path)))
    return name === '.' || name === basename(root)
  } catch {
    // The Trainer always writes JSON.
    return false
  }
}

async function started(listing: Listing): Promise<RunStart> {
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(listing.root))
  const metric = fields.metric_for_best
  const metric_for_best = metric === null ? null : heldOutName(metric)
  return { fields: { ...fields, ...totals, metric_for_best }, warnings }
}

/** Values of one step in one file. A new step or a repeated name starts another group. */
interface Group {
  /** Offset of the first record. */
  byte: number
  step: number
  epoch: number | null
  at: number
  metrics: Values
  evaluation: Values
}

/** An event without values. */
const NOTHING: TfEvent = { wall_time: 0, step: 0, scalars: [] }

function read(state: State, { file, bytes, offset, size }: FileBytes) {
  const { spans, damaged, used, isLost } = findRecords(bytes, size - offset)
  const records: Records[] = []
  let group: Group | undefined
  const flush = (): void => {
    if (group) records.push({ found: groupEvents(state, group, file), byte: group.byte })
    group = undefined
  }
  for (const [from, to] of spans) {
    const byte = offset + from - HEAD
    const event = parseEvent(bytes, from, to)
    if (!event) records.push({ found: [misfit('record', 'it is not an event')], byte })
    const { wall_time, step, scalars } = event ?? NOTHING
    for (const { tag, value } of scalars) {
      const name = nameOf(state, file, tag)
      if (name === undefined) continue
      const [kind] = isHeldOut(name) ? (['evaluation'] as const) : (['metrics'] as const)
      const isOther =
        group && (group.step !== step || (name !== 'epoch' && Object.hasOwn(group[kind], name)))
      if (isOther) flush()
      const at = wall_time * 1000
      group ??= { byte, step, epoch: null, at, metrics: {}, evaluation: {} }
      if (name === 'epoch') group.epoch = value
      else setOwn(group[kind], name, value)
    }
  }
  flush()
  if (damaged > 0 && !state.damaged) {
    state.damaged = true
    const what = isLost ? 'a record length' : 'a record'
    const text = `Skipped damaged data in ${file}: the checksum of ${what} differs`
    records.push({ found: [readerNote(state.attempt, text)], byte: offset })
  }
  return { records, used }
}

function groupEvents(state: State, group: Group, file: string): Found[] {
  const { step: counted, epoch, at, metrics, evaluation } = group
  const isTraining = Object.keys(metrics).length > 0
  // After training, Lightning counts one more step for a validation or test in another file.
  const isAfter = file !== state.file && counted === state.counted + 1
  const shift = state.count_unit === 'steps' || (state.count_unit === 'batches' && isAfter) ? 0 : 1
  const step = counted + (state.count_unit === null ? 0 : shift)
  if (!isCount(counted) || !isCount(step)) return [misfit('step', `its step is ${counted}`)]
  if (isTraining) state.file = file
  if (file === state.file) state.counted = Math.max(state.counted, counted)
  // The same step again is not a restart: some programs log each batch of an epoch at one step.
  const again = 'loss' in metrics && step !== state.step ? advance(state, step) : undefined
  const whole = state.count_unit === 'epochs' ? step : epoch
  const where = { attempt: attemptOf(state, file, counted), step, epoch: whole, at: Math.round(at) }
  const measured = measuredEvents(where, { metrics, evaluation }, { file, line: null })
  return again ? [again, ...measured] : measured
}

/**
 * The attempt of a step in a file. Other folders are read after all training steps, so their attempts
 * are counted by their own restarts.
 */
function attemptOf(state: State, file: string, counted: number): number {
  const folder = dirname(file)
  const isBeside = state.file !== '' && folder !== dirname(state.file)
  if (!isBeside || !WRITERS.includes(basename(folder))) return state.attempt
  const writer = ownValue(state.beside, folder) ?? { attempt: 0, counted }
  setOwn(state.beside, folder, writer)
  if (counted < writer.counted) writer.attempt++
  writer.counted = counted
  return Math.min(writer.attempt, state.attempt)
}

/** HuggingFace's summary at the end, which has no step. */
const SUMMARY = /^train\/(train_|total_flos$)/
/** HuggingFace's other training values. In its state file they have no prefix. */
const OF_TRAINING = /^train\/(learning_rate|grad_norm|epoch)$/

/** The common name of a tag; undefined if it is not a metric of a step. */
function nameOf(state: State, file: string, tag: string): string | undefined {
  const folder = file.includes('/') ? basename(dirname(file)) : ''
  if (tag === 'hp_metric' || SUMMARY.test(tag) || isBatchValue(tag)) return undefined
  if (/^(batch_|evaluation_.*_vs_iterations$)/.test(tag)) return undefined
  state.count_unit ??= countUnitOf(tag)
  if (tag === 'epoch') return 'epoch'
  const bare = OF_TRAINING.test(tag) ? tag.slice('train/'.length) : tag.replace(/^epoch_/, '')
  const isOther = /^(eval|val|valid|validation|test)$/.test(folder)
  if (isOther) return heldOutName(/^test$/.test(folder) ? `test_${bare}` : `eval_${bare}`)
  const whole = scalarsName(folder, bare)
  if (isHeldOut(whole)) return heldOutName(whole)
  if (
    /^(loss|train_loss|train\/loss|training_loss|train_loss_step|train\/loss_step|loss\/train|loss_train|lm loss|loss\/current)$/i.test(
      whole,
    )
  ) {
    state.loss ??= whole
  }
  return whole === state.loss ? 'loss' : whole
}

/** The name of a tag. `add_scalars("loss", { val })` writes to a folder `loss_val`, with the tag `loss`. */
function scalarsName(folder: string, tag: string): string {
  const before = `${tag.replaceAll('/', '_')}_`
  return folder.startsWith(before) ? `${tag}_${folder.slice(before.length)}` : tag
}

/** What a program counts, by its tags: Keras has a prefix, Lightning `epoch`, HuggingFace `train/epoch`. */
function countUnitOf(tag: string): CountUnit | null {
  if (tag.startsWith('epoch_')) return 'epochs'
  if (tag === 'train/epoch') return 'steps'
  return tag === 'epoch' ? 'batches' : null
}
