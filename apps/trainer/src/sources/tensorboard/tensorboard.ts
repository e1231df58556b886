import { basename, dirname } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Found, ReaderNote, TrainingEvent } from '@bestmark/core'
import { misfit, ownValue, readerNote, setOwn } from '@bestmark/core'
import { noProgress, type Progress, advance, beginAttempt } from '../events/attempts.ts'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import { completedEpochs, type EpochState, noEpochs } from '../events/completedEpochs.ts'
import { measuredEvents, type Values } from '../events/newEvents.ts'
import type { RunStart, FileBytes, Records } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import type { Source } from '../reader/source.ts'
import type { Listing } from '../../files/listing.ts'
import { heldOutName } from '../events/names.ts'
import { withTrainingSteps } from '../tables/lightning.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { findEventsElsewhere, findEventFiles, isRunFolder, WRITERS } from './eventFolders.ts'
import { hasEvents } from './eventTimes.ts'
import { findEventParts } from './eventParts.ts'
import { nameOf, type TagState } from './tags.ts'
import { parseEvent, type TfEvent } from './tfEvent.ts'
import { HEAD, findRecords } from './tfrecord.ts'
import { isCount } from '../../files/json.ts'
import { type EvaluatedState, noteEvaluated, onlyEvaluated } from './evaluatedOnly.ts'
import { isOtherProcess, openedAt, processOf } from './writers.ts'

/** HuggingFace's Trainer first writes its arguments, with the folder of the run. */
const ARGUMENTS = /args\/text_summary[^]*?"output_dir": ("(?:[^"\\]|\\.)*")/

interface State extends Progress, TagState, EvaluatedState {
  /** The training's event file, its last count and the time of its last values (ms). */
  file: string
  counted: number
  trained_at: number
  /** The first file of each process that trained, and its attempt; null if it is not the only one. */
  processes: Record<string, [file: string, attempt: number | null]>
  /** Files of other trainings at the same time. */
  others: string[]
  /** The progress of other writers, by folder. */
  beside: Record<string, { file: string; attempt: number; counted: number }>
  damaged: boolean
  epochs: EpochState
}

const EVENT_FILES = lineSource<State>({
  name: 'tensorboard',
  files: eventFiles,
  begin: () => ({
    ...noProgress(),
    ...{ count_unit: null, loss: null, damaged: false, epochs: noEpochs() },
    ...{ file: '', counted: -1, trained_at: 0 },
    ...{ processes: {}, others: [], beside: {}, has_values: false, evaluated: {} },
  }),
  bytes: read,
  endOfInput: onlyEvaluated,
  started,
  saved,
  infers: true,
})

/** TensorBoard's event files, of any program. A program that was only started leaves no run. */
export const TENSORBOARD: Source = {
  ...EVENT_FILES,
  isHere: async (listing) =>
    (await eventFiles(listing)).some((file) => hasEvents(listing.root, file)),
}

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
  history.epochs_from_zero = count_unit === 'batches'
  const found = await findSavedWeights(listing, history, axis, {
    metric: fields.metric_for_best,
    total_epochs,
  })
  return count_unit === 'batches' ? withTrainingSteps(listing.root, found) : found
}

async function eventFiles(listing: Listing): Promise<string[]> {
  const names = listing.names()
  const [first] = await findEventParts(listing)
  const found = [...(first?.files ?? (await findEventFiles(listing, '')))]
  for (const folder of WRITERS) {
    const isWriter = names.includes(folder) && !(await isRunFolder(listing, folder))
    if (isWriter) found.push(...(await findEventFiles(listing, folder)))
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
  const folders = listing.names('runs').map((name) => `runs/${name}`)
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
  const [, ...others] = await findEventParts(listing)
  const notes = others.map(({ files }): ReaderNote => {
    const text = `Another training at the same time wrote ${files.join(', ')}. It is a separate run`
    return { code: 'training_separate', text }
  })
  return { fields: { ...fields, ...totals, metric_for_best }, warnings: [...warnings, ...notes] }
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

/** How many records are read between two pauses, in which other work of the process goes on. */
const BETWEEN_PAUSES = 1_000

async function read(state: State, { file, bytes, offset, size }: FileBytes) {
  const { spans, damaged, used, isLost } = findRecords(bytes, size - offset)
  const records: Records[] = []
  const groups: Group[] = []
  for (const [index, [from, to]] of spans.entries()) {
    if (index % BETWEEN_PAUSES === BETWEEN_PAUSES - 1) await turn()
    const byte = offset + from - HEAD
    const event = parseEvent(bytes, from, to)
    if (event) addToGroups(groups, state, file, event, byte)
    else records.push({ found: [misfit('record', 'it is not an event')], byte })
  }
  records.push({ found: writerEvents(state, file, groups), byte: offset })
  if (!state.others.includes(file)) {
    for (const group of groups) {
      records.push({ found: groupEvents(state, group, file), byte: group.byte })
    }
  }
  if (damaged > 0 && !state.damaged) {
    state.damaged = true
    const what = isLost ? 'a record length' : 'a record'
    const text = `Skipped damaged data in ${file}: the checksum of ${what} differs`
    records.push({
      found: [readerNote(state.attempt, { code: 'data_damaged', text })],
      byte: offset,
    })
  }
  return { records, used }
}

function addToGroups(
  groups: Group[],
  state: State,
  file: string,
  { wall_time, step, scalars }: TfEvent,
  byte: number,
): void {
  for (const { tag, value } of scalars) {
    const found = nameOf(state, { file, tag, step })
    if (!found) {
      noteEvaluated(state, file, tag, value)
      continue
    }
    state.has_values = true
    const { name, kind } = found
    let group = groups.at(-1)
    const isSame = group?.step === step && (name === 'epoch' || !Object.hasOwn(group[kind], name))
    if (!group || !isSame) {
      group = { byte, step, epoch: null, at: wall_time * 1000, metrics: {}, evaluation: {} }
      groups.push(group)
    }
    if (name === 'epoch') group.epoch = value
    else setOwn(group[kind], name, value)
  }
}

/**
 * A new attempt, if another process trains here. Of two trainings at the same time only the first is
 * read, with a note.
 */
function writerEvents(state: State, file: string, groups: readonly Group[]): TrainingEvent[] {
  const [first, trained] = [groups[0], groups.find((group) => isTrainingOf(state, group))]
  if (!first || !trained || isBeside(state, file) || state.others.includes(file)) return []
  const { file: before, counted } = state
  const isOther = before !== '' && isOtherProcess(before, file)
  const isAgain = before !== file && state.step !== null && trained.step <= state.step
  const isEarlier = trained.at < state.trained_at || openedAt(file) < openedAt(before)
  if ((isOther || isAgain) && isEarlier) {
    state.others.push(file)
    const text = `Skipped ${file}: its training ran at the same time as that of ${before}. Use a separate folder for each training`
    return [readerNote(state.attempt, { code: 'training_skipped', text })]
  }
  const step = stepOf(state, file, first.step)
  const again = isOther && isCount(step) && beginAttempt(state, state.step ?? counted, step)
  if (again) state.counted = -1
  state.file = file
  noteProcess(state, file)
  return again ? [again] : []
}

/** Whether values belong to a training: its loss, or any value if it logs no loss. */
function isTrainingOf({ loss }: State, { metrics }: Group): boolean {
  return 'loss' in metrics || (loss === null && Object.keys(metrics).length > 0)
}

/** Notes the attempt of a process. Two processes may have the same number in a container. */
function noteProcess(state: State, file: string): void {
  const process = processOf(file)
  const before = ownValue(state.processes, process)
  if (before === undefined) setOwn(state.processes, process, [file, state.attempt])
  else if (isOtherProcess(before[0], file)) setOwn(state.processes, process, [file, null])
}

/** Completed steps or epochs. */
function stepOf({ count_unit, ...state }: State, file: string, counted: number): number {
  if (count_unit === null || count_unit === 'steps') return counted
  // After training, Lightning counts one more step for a validation or test in another file.
  const isAfter = file !== state.file && counted === state.counted + 1
  return count_unit === 'batches' && isAfter ? counted : counted + 1
}

function groupEvents(state: State, group: Group, file: string): Found[] {
  const { step: counted, epoch, at, metrics, evaluation } = group
  const step = stepOf(state, file, counted)
  if (!isCount(counted) || !isCount(step)) return [misfit('step', `its step is ${counted}`)]
  if (file === state.file) {
    state.counted = Math.max(state.counted, counted)
    if (isTrainingOf(state, group)) state.trained_at = Math.max(state.trained_at, at)
  }
  // The same step again is not a restart: some programs log each batch of an epoch at one step.
  const again = 'loss' in metrics && step !== state.step ? advance(state, step) : undefined
  // After training, Lightning has counted the last epoch.
  const isFromZero = epoch !== null && state.count_unit === 'batches' && step > counted
  const completed = isFromZero ? completedEpochs(state.epochs, { step, epoch }, group) : epoch
  const whole = state.count_unit === 'epochs' ? step : completed
  const where = { attempt: attemptOf(state, file, counted), step, epoch: whole, at: Math.round(at) }
  const measured = measuredEvents(where, { metrics, evaluation }, { file, line: null })
  return again ? [again, ...measured] : measured
}

/**
 * Whether a file comes from another writer of the same training, such as the one for validation.
 */
function isBeside(state: State, file: string): boolean {
  const folder = dirname(file)
  const isElsewhere = state.file !== '' && folder !== dirname(state.file)
  return isElsewhere && WRITERS.includes(folder === '.' ? '' : basename(folder))
}

/**
 * The attempt of a step in a file. Other folders are read after all training steps, so their attempts
 * follow from their processes, or from their own restarts.
 */
function attemptOf(state: State, file: string, counted: number): number {
  if (!isBeside(state, file)) return state.attempt
  const folder = dirname(file)
  const trained = ownValue(state.processes, processOf(file))?.[1] ?? null
  const writer = ownValue(state.beside, folder) ?? { file, attempt: trained ?? 0, counted }
  setOwn(state.beside, folder, writer)
  if (isOtherProcess(writer.file, file)) writer.attempt = trained ?? writer.attempt + 1
  else if (counted < writer.counted) writer.attempt++
  Object.assign(writer, { file, counted })
  return Math.min(writer.attempt, state.attempt)
}
