import { basename } from 'node:path'
import { splitByKind, type LogRecord } from './logRecord.ts'

/** A split at the start or end of a file's name, or alone: `val_log.csv`, `metrics.val.jsonl`, `valid.jsonl`. */
const SPLIT_FILE =
  /(?<=^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=[_-])|(?<=^|\/)(validations)(?=\.\w+$)|(?<=[_.-]|^|\/)(train|training|learn|eval|val|valid|validation|dev|test)(?=\.\w+$)/i

/**
 * Makes the metrics of a record held-out, if the name of its file has a held-out split. With several
 * files, training values beside evaluations are ignored, and a test set is one beside a validation set
 * only: CatBoost's only held-out file is `test_error.tsv`.
 */
export function applyFileSplit(
  file: string,
  reading: LogRecord,
  files: readonly string[],
): LogRecord {
  const { metrics, evaluation } = reading
  const isEvaluated = Object.keys(evaluation).length > 0
  if (!isHeldOutFile(file) || (isEvaluated && files.length === 1)) return reading
  const pairs = Object.entries(metrics).flatMap(([name, value]): [string, number][] => {
    const isUsed = typeof value === 'number' && !(isEvaluated && OF_TRAINING.test(name))
    return isUsed ? [[name, value]] : []
  })
  const isTested = isTestFile(file) && files.some((one) => isHeldOutFile(one) && !isTestFile(one))
  const split = splitByKind(pairs, isTested ? 'test' : 'eval')
  return { ...reading, ...split, evaluation: { ...split.evaluation, ...evaluation } }
}

/** Names of training values in a record with evaluations. `loss` is its training loss. */
const OF_TRAINING = /^loss$|train/i

/** A folder that is called after a split, with the logs of all splits beside it: `val/stats.json`. */
const SPLIT_FOLDER = /(?<=^|\/)(train|training|eval|val|valid|validation|dev|test)(?=\/[^/]+$)/i

/** The split in the name of a file, else that of its folder. */
function splitOf(file: string): string | undefined {
  return (SPLIT_FILE.exec(basename(file)) ?? SPLIT_FOLDER.exec(file))?.[0]
}

/** Whether the name of a file or of its folder has a held-out split. */
export function isHeldOutFile(file: string): boolean {
  return !/^(train|training|learn)$/i.test(splitOf(file) ?? 'train')
}

function isTestFile(file: string): boolean {
  return /^test$/i.test(splitOf(file) ?? '')
}

/** A path with its split replaced by #. */
export function withoutSplit(path: string): string {
  return path.replace(SPLIT_FOLDER, '#').replace(SPLIT_FILE, '#')
}

/** JoeyNMT writes its validations as text lines without a split. */
const VALIDATIONS = /^validations\.\w+$/

/** Makes the metrics of a text line held-out, if its whole file is of validations. */
export function applyTextSplit(file: string, reading: LogRecord): LogRecord {
  return VALIDATIONS.test(basename(file)) ? applyFileSplit(file, reading, [file]) : reading
}
