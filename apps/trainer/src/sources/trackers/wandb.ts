import { join } from 'node:path'
import { ownValue, parsePythonJson, readMeasured, setOwn, type TrainingEvent } from '@bestmark/core'
import { Listing } from '../../files/listing.ts'
import { bytesOfFile } from '../../files/runFile.ts'
import { Failure } from '../../failure.ts'
import { completedEpochs, type EpochState, noEpochs } from '../events/completedEpochs.ts'
import { isHeldOut } from '../events/names.ts'
import type { ReadOptions, Source } from '../reader/source.ts'
import { WholeReader } from '../reader/wholeReader.ts'
import { type Point, type TrackedRun, trackedEvents } from './trackedRun.ts'
import { findWandbBeside, WANDB_FILE } from './wandbFolder.ts'
import { readWandbLog, type WandbRecord } from './wandbLog.ts'

/** A W&B run in `wandb/run-…` or `wandb/offline-run-…`. */
export const WANDB = sourceOf('wandb', async (listing) => {
  return listing.names().find((name) => WANDB_FILE.test(name))
})

/** The W&B run in the folder `wandb` beside the weights of its training. */
export const WANDB_BESIDE = sourceOf('wandb_beside', async (listing) => {
  return (await findWandbBeside(listing))?.file
})

/** Reads the one file of W&B that `find` finds for a root. */
function sourceOf(name: string, find: (listing: Listing) => Promise<string | undefined>): Source {
  const files = async (listing: Listing): Promise<string[]> => {
    const file = await find(listing)
    return file === undefined ? [] : [file]
  }
  return {
    name,
    isHere: async (listing) => (await find(listing)) !== undefined,
    files,
    open: (options) => {
      const events = async () => eventsIn(options, await find(new Listing(options.root)))
      return new WholeReader({ files, events }, options)
    },
    identity: async (root) => {
      const { name, project } = (await read(root, await find(new Listing(root))))?.run ?? {}
      return { ...(name && { name }), ...(project && { project }) }
    },
  }
}

interface WandbRun extends TrackedRun {
  run: { name?: string; project?: string }
}

async function eventsIn(
  { root, isOver }: ReadOptions,
  file: string | undefined,
): Promise<TrainingEvent[]> {
  const found = await read(root, file)
  if (!found) throw new Failure(`Cannot read the W&B file in ${root}: it is empty or damaged.`)
  return trackedEvents(root, { ...found, status: found.status ?? (isOver ? 'stopped' : null) })
}

async function read(root: string, file: string | undefined): Promise<WandbRun | undefined> {
  const records = file === undefined ? undefined : readWandbLog(await bytesOfFile(join(root, file)))
  if (file === undefined || !records) return undefined
  const times = { started_at: null, ended_at: null }
  const found: WandbRun = { run: {}, config: {}, ...times, status: null, points: [] }
  const axis: Axis = { step: null, isNamed: false, epochs: noEpochs() }
  for (const record of records) addRecord(found, axis, record, file)
  return found
}

function addRecord(found: WandbRun, axis: Axis, record: WandbRecord, file: string): void {
  if (record.kind === 'history') found.points.push(...pointsIn(record.items, axis, file))
  else if (record.kind === 'exit') found.status = record.code === 0 ? 'completed' : 'failed'
  else {
    for (const [name, text] of record.config) {
      const value = valueOf(text)
      if (name !== '_wandb') setOwn(found.config, name, value)
    }
    if (record.kind === 'run') {
      found.run = { name: record.name || record.run_id, project: record.project }
      found.started_at = record.started_at
    }
  }
}

/** The step of a row: the trainer's step if it is logged, else W&B's count of log calls. */
interface Axis {
  step: number | null
  isNamed: boolean
  epochs: EpochState
}

/** Lightning's batches, counted from 0, as its epochs are. */
const BATCHES = 'trainer/global_step'
const STEPS = [BATCHES, 'train/global_step', 'global_step']
const EPOCHS = ['epoch', 'train/epoch']

function pointsIn(
  items: readonly (readonly [string, string])[],
  axis: Axis,
  file: string,
): Point[] {
  const values: Record<string, unknown> = {}
  for (const [name, text] of items) flatten(values, name, valueOf(text))
  const { step, epoch } = positionOf(values, axis)
  if (step === null) return []
  const seconds = ownValue(values, '_timestamp')
  const at = typeof seconds === 'number' ? Math.round(seconds * 1000) : null
  return Object.entries(values).flatMap(([name, logged]): Point[] => {
    const value = readMeasured(logged)
    const isInternal = name.startsWith('_') || STEPS.includes(name) || EPOCHS.includes(name)
    if (isInternal || value === undefined || value === null) return []
    return [{ step, epoch, at, name, value, file, line: null }]
  })
}

/** The step and epoch of a row. The step is null if the row has none. */
function positionOf(
  values: Readonly<Record<string, unknown>>,
  axis: Axis,
): { step: number | null; epoch: number | null } {
  const counted = STEPS.map((name) => ownValue(values, name)).find(isStep)
  const heldOut = Object.keys(values).filter(isHeldOut)
  // A test after training has the number of all batches.
  const isTest = heldOut.length > 0 && heldOut.every((name) => /^test[_/]/.test(name))
  const isFromZero = isStep(ownValue(values, BATCHES)) && !isTest
  const named = counted === undefined ? undefined : counted + (isFromZero ? 1 : 0)
  axis.isNamed ||= named !== undefined
  // A row without the trainer's step belongs to the last step.
  const found = named ?? (axis.isNamed ? axis.step : ownValue(values, '_step'))
  if (!isStep(found)) return { step: null, epoch: null }
  axis.step = found
  const epoch = EPOCHS.map((name) => ownValue(values, name)).find((one) => typeof one === 'number')
  if (epoch === undefined || !isFromZero) return { step: found, epoch: epoch ?? null }
  const measured = Object.fromEntries(heldOut.map((name) => [name, null]))
  const kinds = { metrics: {}, evaluation: measured }
  return { step: found, epoch: completedEpochs(axis.epochs, { step: found, epoch }, kinds) }
}

function isStep(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Flattens dictionaries to paths. Images, tables and histograms have a `_type` and are ignored. */
function flatten(into: Record<string, unknown>, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) return setOwn(into, name, value)
  if (Array.isArray(value) || '_type' in value) return
  for (const [inner, one] of Object.entries(value)) flatten(into, `${name}/${inner}`, one)
}

function valueOf(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    return undefined
  }
}
