import { readFile } from 'node:fs/promises'
import {
  type Direction,
  grouped,
  type Measured,
  measuredJson,
  parsePythonJson,
} from '@bestmark/core'
import { callerPath } from '../../cli/callerPath.ts'
import { parse, type ValuesOf } from '../../cli/parse.ts'
import { EXIT, Failure, errorText } from '../../failure.ts'
import { fileErrorText, jsonErrorText } from '../../plainErrors.ts'
import { recordScores } from './boardScores.ts'
import type { RunCheckpoint } from './checkpointAt.ts'
import { measurementsIn, type Measurements } from './results.ts'
import { retractScores } from './retraction.ts'
import { addScores, repeatText, valueText } from './addedScores.ts'
import { userName } from '../../processes/userName.ts'
import { SCORE as SCORE_TABLE } from './score.table.ts'
import { SCORES } from '../../sources/scores/scoresFile.ts'
import { measurementsFromWords } from './values.ts'
import { findCheckpoint } from './namedCheckpoint.ts'
import { print, notify } from '../../cli/terminal.ts'

/** Keeps measurements that a user made on a checkpoint, as an evaluation of its weights. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, SCORE_TABLE)
  const { CHECKPOINT: named, SCORE: scores } = args
  const by = values.by ?? userName()
  if (by.trim() === '')
    throw new Failure('--by must be the name of a person or program; got an empty text.')
  if (values.retract) return retract(named, scores, { ...values, by })
  const file = values.results === undefined ? null : callerPath(values.results)
  const { stderr, mode, samples = null } = values
  const measured = file
    ? await fromFile(file, { samples, mode, scores, stderr })
    : measurementsFromWords(scores, { samples, mode, stderr })
  const of = await findCheckpoint(named)
  const repeats = await addScores(of, measured, {
    by,
    file,
    command: null,
    replace: values.replace,
  })
  for (const repeat of repeats) notify(repeatText(repeat))
  const kept = Object.fromEntries(measured.flatMap((one) => Object.entries(one.values)))
  await printOutcome(of, kept, { isJson: values.json, done: 'kept' })
  return EXIT.found
}

/** Retracts scores. Their lines stay in the file, and a new line retracts them. */
async function retract(
  named: string,
  names: readonly string[],
  values: ValuesOf<typeof SCORE_TABLE> & { by: string },
): Promise<number> {
  const { results, replace, stderr, samples, mode } = values
  const others = [results, samples, mode].some((value) => value !== undefined)
  if (others || replace || stderr.length > 0 || names.some((name) => name.includes('='))) {
    throw new Failure('--retract takes only names of metrics, or none for all metrics.')
  }
  const of = await findCheckpoint(named)
  const taken = await retractScores(of, names, values.by)
  await printOutcome(of, taken, { isJson: values.json, done: 'retracted' })
  return EXIT.found
}

async function fromFile(
  file: string,
  options: {
    samples: number | null
    mode: Direction | undefined
    scores: string[]
    stderr: string[]
  },
): Promise<Measurements[]> {
  const { samples, mode, scores, stderr } = options
  if (scores.length > 0 || stderr.length > 0) {
    throw new Failure('Use either --results FILE or NAME=VALUE with --stderr, not both.')
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Failure(`Cannot read ${file}: ${fileErrorText(cause) ?? errorText(cause)}.`, {
      cause,
    })
  })
  const found = measurementsIn(parsed(file, text), text)
  if (found.length === 0) {
    throw new Failure(
      `${file} has no results. Supported: results of lm-evaluation-harness, or numbers by name.`,
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
    throw new Failure(`${file} ${jsonErrorText(cause)}.`, { cause })
  }
}

async function printOutcome(
  { run, checkpoint }: RunCheckpoint,
  values: Readonly<Record<string, Measured>>,
  { isJson, done }: { isJson: boolean; done: 'kept' | 'retracted' },
): Promise<void> {
  const { selection, isOnBoard } = await recordScores(run.root)
  if (isJson) {
    const { path, attempt, step } = checkpoint
    const best_step = selection.best?.step ?? null
    const now = { best_step, best_metric_name: selection.metric, reason: selection.reason }
    const changed = done === 'kept' ? { values } : { taken_back: values }
    const result = { checkpoint: path, attempt, step, ...changed, is_on_board: isOnBoard }
    print(measuredJson({ root: run.root, ...result, ...now }))
    return
  }
  const list = Object.entries(values).map(([name, value]) => `${name} ${valueText(value)}`)
  const where = isOnBoard ? `${SCORES} and on the board` : SCORES
  print(
    `${checkpoint.path} (step ${grouped(checkpoint.step)}): ${list.join(', ')}, ${done} in ${where}.`,
    selection.reason,
  )
}
