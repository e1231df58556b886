import { basename } from 'node:path'
import { splitByKind, type LogRecord } from './logRecord.ts'

/** A split at the start or end of a file's name, or alone: `val_log.csv`, `metrics.val.jsonl`, `valid.jsonl`. */
const SPLIT_FILE =
  /(?<=^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=[_-])|(?<=^|\/)(validations)(?=\.\w+$)|(?<=[_.-]|^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=\.\w+$)/i

/**
 * Makes the metrics of a record held-out, if the name of its file has a held-out split. Training values
 * beside evaluations are ignored if another file is the log of the training (`isOnly` is false).
 */
export function applyFileSplit(file: string, reading: LogRecord, isOnly: boolean): LogRecord {
  const { metrics, evaluation } = reading
  const isEvaluated = Object.keys(evaluation).length > 0
  if (!isHeldOutFile(file) || (isEvaluated && isOnly)) return reading
  const pairs = Object.entries(metrics).flatMap(([name, value]): [string, number][] => {
    const isUsed = typeof value === 'number' && !(isEvaluated && OF_TRAINING.test(name))
    return isUsed ? [[name, value]] : []
  })
  const split = splitByKind(pairs, 'eval')
  return { ...reading, ...split, evaluation: { ...split.evaluation, ...evaluation } }
}

/** Names of training values in a record with evaluations. `loss` is its training loss. */
const OF_TRAINING = /^loss$|train/i

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
  return VALIDATIONS.test(basename(file)) ? applyFileSplit(file, reading, true) : reading
}
