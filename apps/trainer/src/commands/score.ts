import { readFile } from 'node:fs/promises'
import { Direction, measuredJson, parsePythonJson } from '@bestmark/core'
import { callerPath, oneOf, parseWords } from '../arguments.ts'
import { EXIT, Failure, sentence } from '../failure.ts'
import { recordedStanding } from '../scores/boardScores.ts'
import type { RunCheckpoint } from '../scores/checkpointAt.ts'
import { measurementsIn, type Measurements } from '../scores/results.ts'
import { addScores, repeatSentence, shown, whoAmI } from '../scores/scoring.ts'
import { SCORES } from '../scores/scoresFile.ts'
import { countOf, toldMeasurements } from '../scores/told.ts'
import { whichCheckpoint } from '../scores/whichCheckpoint.ts'

export const usage =
  'bestmark score CHECKPOINT NAME=VALUE… [--stderr [NAME=]VALUE]… [--samples N] [--mode min|max] [--by WHO] [--json]\n' +
  '       bestmark score CHECKPOINT --results FILE [--samples N] [--mode min|max] [--by WHO] [--json]'

const OPTIONS = {
  results: { type: 'string' },
  stderr: { type: 'string', multiple: true, default: [] as string[] },
  samples: { type: 'string' },
  mode: { type: 'string' },
  by: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** Keeps what was measured of a checkpoint after training, as an evaluation of its weights. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(words, OPTIONS, usage)
  const [named, ...told] = positionals
  if (named === undefined) throw new Failure(`Name a checkpoint to score. Usage: ${usage}`)
  const by = values.by ?? whoAmI()
  if (by.trim() === '') throw new Failure('--by takes the name of whoever measured it.')
  const file = values.results === undefined ? null : callerPath(values.results)
  const asked = {
    samples: values.samples === undefined ? null : countOf(values.samples, '--samples'),
    mode: oneOf(Direction.options, values.mode, '--mode'),
  }
  const measured = file
    ? await fromFile(file, { ...asked, told, stderr: values.stderr })
    : toldMeasurements(told, { ...asked, stderr: values.stderr })
  const of = await whichCheckpoint(named)
  const repeats = await addScores(of, measured, { by, file, command: null })
  for (const repeat of repeats) process.stderr.write(`${repeatSentence(repeat)}\n`)
  await tellStanding(of, measured, values.json)
  return EXIT.found
}

async function fromFile(
  file: string,
  asked: { samples: number | null; mode: Direction | undefined; told: string[]; stderr: string[] },
): Promise<Measurements[]> {
  const { samples, mode, told, stderr } = asked
  if (told.length > 0 || stderr.length > 0) {
    throw new Failure('Give either values or --results; the file tells its own values and errors.')
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Failure(`${file} cannot be read: ${sentence(cause)}`, { cause })
  })
  const found = measurementsIn(parsed(file, text), text)
  if (found.length === 0) {
    throw new Failure(
      `${file} tells no result: neither results of lm-evaluation-harness nor numbers by name.`,
    )
  }
  return found.map((one) => {
    const names = Object.keys(one.values).filter((name) => !name.endsWith('_stderr'))
    const directions = Object.fromEntries(mode ? names.map((name) => [name, mode]) : [])
    return {
      ...one,
      samples: one.samples ?? samples,
      directions: { ...directions, ...one.directions },
    }
  })
}

function parsed(file: string, text: string): unknown {
  try {
    return parsePythonJson(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new Failure(`${file} is not valid JSON: ${sentence(cause)}`, { cause })
  }
}

async function tellStanding(
  { run, checkpoint }: RunCheckpoint,
  measured: readonly Measurements[],
  isJson: boolean,
): Promise<void> {
  const { selection, isOnBoard } = await recordedStanding(run.root)
  const values = Object.fromEntries(measured.flatMap((one) => Object.entries(one.values)))
  if (isJson) {
    const { path, attempt, step } = checkpoint
    const best_step = selection.best?.step ?? null
    const now = { best_step, best_metric_name: selection.metric, reason: selection.reason }
    const kept = { checkpoint: path, attempt, step, values, is_on_board: isOnBoard }
    process.stdout.write(`${measuredJson({ root: run.root, ...kept, ...now })}\n`)
    return
  }
  const list = Object.entries(values).map(([name, value]) => `${name} ${shown(value)}`)
  const where = isOnBoard ? `${SCORES} and on the board` : SCORES
  process.stdout.write(
    `${checkpoint.path} (step ${checkpoint.step}): ${list.join(', ')}, kept in ${where}.\n${selection.reason}\n`,
  )
}
