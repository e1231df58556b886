import { basename } from 'node:path'
import { splitByKind, type LogRecord } from './logRecord.ts'

/** The split in a file's name, where it stands first or last: `val_log.csv`, `metrics.val.jsonl`. */
const SPLIT_FILE =
  /(?<=^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=[_-])|(?<=[_.-])(train|training|learn|eval|val|valid|validation|dev|test)(?=\.\w+$)/i

/** What a file measured of held-out data where its name says that all of it is. */
export function applyFileSplit(file: string, reading: LogRecord): LogRecord {
  if (!isHeldOutFile(file) || Object.keys(reading.evaluation).length > 0) return reading
  const pairs = Object.entries(reading.metrics).flatMap(([name, value]): [string, number][] => {
    return typeof value === 'number' ? [[name, value]] : []
  })
  return { ...reading, ...splitByKind(pairs, 'eval') }
}

/** Whether the name of a file says that all of it is of held-out data. */
export function isHeldOutFile(file: string): boolean {
  const split = SPLIT_FILE.exec(basename(file))?.[0] ?? 'train'
  return !/^(train|training|learn)$/i.test(split)
}

/** A path in which the word for a split is left out. */
export function withoutSplit(path: string): string {
  return path.replace(SPLIT_FILE, '#')
}
