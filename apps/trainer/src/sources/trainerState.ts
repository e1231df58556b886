import { readFile } from 'node:fs/promises'
import { parsePythonJson } from '@bestmark/core'
import { z } from 'zod'
import { Failure, sentence } from '../failure.ts'

const number = z.custom<number>((value) => typeof value === 'number')
const optional = number.nullish().transform((value) => value ?? null)

/** One row of a log: a step and whatever was logged at it. */
export interface LogEntry {
  step: number
  [name: string]: unknown
}

// A schema of its own for each of some 100,000 rows would cost more than parsing the file.
const Entry = z.custom<LogEntry>(
  (row) => typeof row === 'object' && row !== null && 'step' in row && typeof row.step === 'number',
  'is not a row with a step',
)

/** What is read of a `trainer_state.json`, as the HuggingFace Trainer writes it. */
export const TrainerState = z.object({
  best_metric: optional,
  best_model_checkpoint: z.string().nullish().default(null),
  best_global_step: optional,
  global_step: number,
  max_steps: optional,
  num_train_epochs: optional,
  save_steps: optional,
  log_history: z.array(Entry),
})
export type TrainerState = z.infer<typeof TrainerState>

const LFS_POINTER = 'version https://git-lfs.github.com/spec/'

/** Whether a file's text is what Git leaves in place of a large file that was not fetched. */
export function isLfsPointer(text: string): boolean {
  return text.startsWith(LFS_POINTER)
}

/** Reads one state file. Throws a Failure that names the file and what is wrong with it. */
export async function readTrainerState(file: string): Promise<TrainerState> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Failure(`${file} cannot be read: ${sentence(cause)}`, { cause })
  })
  if (isLfsPointer(text)) {
    throw new Failure(
      `${file} is a Git LFS pointer, not the file itself: fetch it with "git lfs pull"`,
    )
  }
  const json = parseState(file, text)
  const state = TrainerState.safeParse(json)
  if (state.success) return state.data
  const [issue] = state.error.issues
  const where = issue?.path.join('.') ?? ''
  throw new Failure(
    `${file} is not a trainer state: ${where || 'it'} ${issue?.message ?? 'is wrong'}`,
  )
}

function parseState(file: string, text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch (cause) {
    throw new Failure(`${file} is not valid JSON: ${sentence(cause)}`, { cause })
  }
}
