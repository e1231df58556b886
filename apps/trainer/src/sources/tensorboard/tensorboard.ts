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

/** HuggingFace's Trainer writes its arguments first, with the folder that the whole run is in. */
const ARGUMENTS = /args\/text_summary[^]*?"output_dir": ("(?:[^"\\]|\\.)*")/

/** How a program counts: HuggingFace by steps taken, Lightning by batches from 0, Keras by epochs from 0. */
type CountUnit = 'steps' | 'batches' | 'epochs'

interface State extends Progress {
  count_unit: CountUnit | null
  /** The file that training writes, and its last step as counted there: what comes after is known by them. */
  file: string
  counted: number
  /** How far the writers beside it are, by folder. */
  beside: Record<string, { attempt: number; counted: number }>
  /** The tag that is the training's own loss. */
  loss: string | null
  damaged: boolean
}

/** TensorBoard's event files, of whoever wrote them. */
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
 * HuggingFace keeps them in `runs`, a folder a start, beside its checkpoints and before there are
 * any; elsewhere `runs` holds one run a folder.
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

/** Whether the arguments in an event file name a folder as their own, wherever that lay then. */
function isOutputOf(root: string, head: string): boolean {
  const [, measured = '""'] = ARGUMENTS.exec(head) ?? []
  try {
    const name = basename(String(JSON.parse(measured)))
    return name === '.' || name === basename(root)
  } catch {
    // What is no JSON was not written by the Trainer.
    return false
  }
}

async function started(listing: Listing): Promise<RunStart> {
  const { fields, totals, warnings } = readDeclaration(await readConfigurations(listing.root))
  const metric = fields.metric_for_best
  const metric_for_best = metric === null ? null : heldOutName(metric)
  return { fields: { ...fields, ...totals, metric_for_best }, warnings }
}

/** Numbers of one step of one file, gathered until another step or a second of the same name comes. */
interface Group {
  /** Where the first record of them begins. */
  byte: number
  step: number
  epoch: number | null
  at: number
  metrics: Values
  evaluation: Values
}

/** An event without numbers. */
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
  // Lightning counts one more once training is over, when it validates or tests again elsewhere.
  const isAfter = file !== state.file && counted === state.counted + 1
  const shift = state.count_unit === 'steps' || (state.count_unit === 'batches' && isAfter) ? 0 : 1
  const step = counted + (state.count_unit === null ? 0 : shift)
  if (!isCount(counted) || !isCount(step)) return [misfit('step', `its step is ${counted}`)]
  if (isTraining) state.file = file
  if (file === state.file) state.counted = Math.max(state.counted, counted)
  // The same step twice is no going back: some log each batch of an epoch at one step.
  const again = 'loss' in metrics && step !== state.step ? advance(state, step) : undefined
  const whole = state.count_unit === 'epochs' ? step : epoch
  const where = { attempt: attemptOf(state, file, counted), step, epoch: whole, at: Math.round(at) }
  const measured = measuredEvents(where, { metrics, evaluation }, { file, line: null })
  return again ? [again, ...measured] : measured
}

/**
 * Which attempt a step of a file is of. What a folder beside that of training holds is read after all
 * of training's, so its attempts are told by its own going back.
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

/** What HuggingFace sums up at the end; it is not of a step. */
const SUMMARY = /^train\/(train_|total_flos$)/
/** What HuggingFace logs of training beside the loss, which it calls by the bare name elsewhere. */
const OF_TRAINING = /^train\/(learning_rate|grad_norm|epoch)$/

/** The one name of a tag, held-out ones with a prefix; undefined for what is none of a step. */
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

/** `add_scalars("loss", { val })` writes a file of its own into a folder `loss_val`, under the tag `loss`. */
function scalarsName(folder: string, tag: string): string {
  const before = `${tag.replaceAll('/', '_')}_`
  return folder.startsWith(before) ? `${tag}_${folder.slice(before.length)}` : tag
}

/**
 * By the marks of the programs: Keras prefixes its tags; beside all others Lightning logs `epoch`, and
 * HuggingFace `train/epoch`.
 */
function countUnitOf(tag: string): CountUnit | null {
  if (tag.startsWith('epoch_')) return 'epochs'
  if (tag === 'train/epoch') return 'steps'
  return tag === 'epoch' ? 'batches' : null
}
