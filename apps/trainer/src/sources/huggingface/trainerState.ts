import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { Failure, errorText } from '../../failure.ts'
import { isCount } from '../../files/json.ts'
import { isLfsPointer, lfsAdvice } from '../../files/lfsPointer.ts'
import { textOfFile } from '../../files/runFile.ts'
import { fileErrorText, jsonErrorText } from '../../plainErrors.ts'
import { ParsedLogs } from './parsedLogs.ts'

const number = z.custom<number>((value) => typeof value === 'number')
/** A number of steps; null if invalid. Python writes -1 for no limit. */
const count = z
  .unknown()
  .optional()
  .transform((value) => (isCount(value) ? value : null))
const optional = number.nullish().transform((value) => value ?? null)

/** One log row: a step, and all values logged at it. */
export interface LogEntry {
  step: number
  [name: string]: unknown
}

/** The fields of `trainer_state.json` that are read. */
const File = z.object({
  best_metric: optional,
  best_model_checkpoint: z.string().nullish().default(null),
  best_global_step: count,
  global_step: count.transform((step) => step ?? 0),
  epoch: optional,
  max_steps: count.transform((steps) => steps || null),
  num_train_epochs: optional,
  save_steps: count.transform((steps) => steps || null),
  log_history: z.array(z.unknown()),
})
export type TrainerState = Omit<z.infer<typeof File>, 'log_history'> & {
  log_history: LogEntry[]
  /** The number of rows without a step. */
  skipped_rows: number
  /** The file's text and all rows of its log, to find line numbers. */
  text: string
  rows: readonly unknown[]
  /** When the file was written, in ms. */
  mtime: number
}

function isEntry(row: unknown): row is LogEntry {
  return typeof row === 'object' && row !== null && 'step' in row && isCount(row.step)
}

/** A state file that cannot be used. `why` follows its name in a message. */
export class UnreadState extends Failure {
  readonly why: string

  constructor(file: string, why: string, cause?: unknown) {
    super(`${file} ${why}`, { cause })
    this.why = why
  }
}

/** Reads one state file; `logs` has those of its run that were read before. Throws UnreadState. */
export async function readTrainerState(
  file: string,
  logs = new ParsedLogs(),
): Promise<TrainerState> {
  const files = Promise.all([textOfFile(file), stat(file)])
  const [text, { mtimeMs: mtime }] = await files.catch((cause: unknown) => {
    throw new UnreadState(
      file,
      `cannot be read (${fileErrorText(cause) ?? errorText(cause)})`,
      cause,
    )
  })
  if (isLfsPointer(text)) {
    const advice = await lfsAdvice(file)
    throw new UnreadState(file, `is a Git LFS pointer, not the file itself; ${advice}`)
  }
  const state = File.safeParse(parseState(file, text, logs))
  if (!state.success) {
    const [issue] = state.error.issues
    const where = issue?.path.join('.') || 'its outermost value'
    throw new UnreadState(file, `is not a valid trainer state: ${where} has an unexpected value`)
  }
  const log_history = state.data.log_history.filter(isEntry)
  const rows = state.data.log_history
  const skipped_rows = rows.length - log_history.length
  return { ...state.data, log_history, skipped_rows, text, rows, mtime }
}

function parseState(file: string, text: string, logs: ParsedLogs): unknown {
  try {
    return logs.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new UnreadState(file, jsonErrorText(cause), cause)
  }
}
