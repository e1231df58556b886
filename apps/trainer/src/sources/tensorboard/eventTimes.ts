import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { openFile, statIfSeen } from '../../files/runFile.ts'
import { isHeldOut, isMeasure } from '../events/names.ts'
import { parseEvent } from './tfEvent.ts'
import { findRecords, findRecordStart } from './tfrecord.ts'
import { openedAt } from './writers.ts'

/** A file with only its version is not longer (bytes). */
const LONGEST_VERSION = 256
const VERSION = 'brain.Event:'
/** The last event is in this many bytes at the end of a file. */
const END = 64 << 10
/** Names of event files have whole seconds (ms). */
const ROUNDING = 1000

/** Whether an event file has an event. Each writer first writes the version of the format. */
export function hasEvents(root: string, file: string): boolean {
  const size = statIfSeen(join(root, file))?.size ?? 0
  if (size > LONGEST_VERSION || size === 0) return size > 0
  const bytes = readEnd(root, file, size, size)
  const { spans, used } = findRecords(bytes, size)
  return spans.length !== 1 || used < size || !bytes.includes(VERSION)
}

/** Event files of one writer or training. */
type Files = readonly string[]

/** Whether a training began before another one ended, by the times of their events. */
export function overlapInTime(root: string, trainings: readonly Files[]): boolean {
  const spans = trainings.map((files) => ({
    from: Math.min(...files.map(openedAt)),
    to: Math.max(0, ...files.map((file) => lastEventAt(root, file))),
  }))
  spans.sort((a, b) => a.from - b.from)
  return spans.some(({ from }, index) => from + ROUNDING < (spans[index - 1]?.to ?? 0))
}

/** The times of a training (ms), and the tags of its training values. */
export interface TrainingSpan {
  from: number
  to: number
  tags: ReadonlySet<string>
}

/** When the training in some event files ran; undefined if they only hold evaluations. */
export function readTrainingSpan(root: string, files: Files): TrainingSpan | undefined {
  const tags = new Set(files.flatMap((file) => tagsAtBeginning(root, file)))
  if (tags.size === 0) return undefined
  const to = Math.max(0, ...files.map((file) => lastEventAt(root, file)))
  return { from: Math.min(...files.map(openedAt)), to, tags }
}

function tagsAtBeginning(root: string, file: string): string[] {
  const size = statIfSeen(join(root, file))?.size ?? 0
  const bytes = readPart(root, file, 0, Math.min(size, END))
  return findRecords(bytes, size).spans.flatMap(([from, to]) => {
    const tags = parseEvent(bytes, from, to)?.scalars.map(({ tag }) => tag) ?? []
    return tags.filter((tag) => !isHeldOut(tag) && isMeasure(tag))
  })
}

/** When the last complete event of a file was written (ms); 0 if unknown. */
function lastEventAt(root: string, file: string): number {
  const size = statIfSeen(join(root, file))?.size ?? 0
  const bytes = readEnd(root, file, size, Math.min(size, END))
  const start = findRecordStart(bytes)
  const rest = bytes.subarray(start)
  const [from, to] = findRecords(rest, rest.length).spans.at(-1) ?? [0, 0]
  return to === 0 ? 0 : (parseEvent(rest, from, to)?.wall_time ?? 0) * 1000
}

/** The last bytes of a file; none if it cannot be read. */
function readEnd(root: string, file: string, size: number, length: number): Buffer {
  return readPart(root, file, size - length, length)
}

function readPart(root: string, file: string, from: number, length: number): Buffer {
  let handle: number | undefined
  try {
    handle = openFile(join(root, file))
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(handle, bytes, 0, length, from))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return Buffer.alloc(0)
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}
