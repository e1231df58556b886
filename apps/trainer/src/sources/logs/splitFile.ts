import { basename } from 'node:path'
import { splitByKind, type LogRecord } from './logRecord.ts'

/** A split at the start or end of a file's name: `val_log.csv`, `metrics.val.jsonl`. */
const SPLIT_FILE =
  /(?<=^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=[_-])|(?<=^|\/)(validations)(?=\.\w+$)|(?<=[_.-])(train|training|learn|eval|val|valid|validation|dev|test)(?=\.\w+$)/i

/** Makes all metrics of a record held-out, if the name of its file has a held-out split. */
export function applyFileSplit(file: string, reading: LogRecord): LogRecord {
  if (!isHeldOutFile(file) || Object.keys(reading.evaluation).length > 0) return reading
  const pairs = Object.entries(reading.metrics).flatMap(([name, value]): [string, number][] => {
    return typeof value === 'number' ? [[name, value]] : []
  })
  return { ...reading, ...splitByKind(pairs, 'eval') }
}

/** Whether the name of a file has a held-out split. */
export function isHeldOutFile(file: string): boolean {
  const split = SPLIT_FILE.exec(basename(file))?.[0] ?? 'train'
  return !/^(train|training|learn)$/i.test(split)
}

/** A path with its split replaced by #. */
export function withoutSplit(path: string): string {
  return path.replace(SPLIT_FILE, '#')
}

/** JoeyNMT writes its validations as text lines without a split. */
const VALIDATIONS = /^validations\.\w+$/

/** Makes the metrics of a text line held-out, if its whole file is of validations. */
export function applyTextSplit(file: string, reading: LogRecord): LogRecord {
  return VALIDATIONS.test(basename(file)) ? applyFileSplit(file, reading) : reading
}
