import { stat } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Measured } from '@bestmark/core'
import { absolutePath } from '@bestmark/db'
import { textOfFile } from '../../files/runFile.ts'
import { attachScores } from '../../sources/scores/runScores.ts'
import type { RunCheckpoint } from '../score/checkpointAt.ts'
import type { Measurements } from '../score/results.ts'
import { addScores, type Repeat } from '../score/addedScores.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import { runCommand, type CommandEnd } from '../../processes/timedCommand.ts'
import { runInSlurm, type SlurmNews } from '../../slurm/batchRun.ts'
import { logFiles } from './logFiles.ts'
import { measurementsPrinted } from './output.ts'

/** A longer stdout is not read (bytes). */
const LARGEST = 64 << 20

/** A command to run on checkpoints, and how to run it. */
export interface Evaluation {
  /** `{checkpoint}` and `{step}` are replaced in every argument. */
  template: string[]
  cwd: string
  timeout: number | null
  by: string
  stop: AbortSignal
  /** Options of sbatch, and who hears of the jobs; undefined if this machine runs the command. */
  slurm?: { options: string[]; onNews: (path: string, news: SlurmNews) => void } | undefined
}

/** The outcome for one checkpoint. */
export interface Evaluated {
  of: RunCheckpoint
  values: Record<string, Measured>
  samples: number | null
  repeats: Repeat[]
  /** Absolute path of the command's output; null if it was not run. */
  log: string | null
  seconds: number
  error: string | null
  isSkipped: boolean
  isUnstartable: boolean
}

/** Earlier measurements of the same command, by the checkpoint's path. */
export async function measuredBefore(
  run: ReadRun,
  template: readonly string[],
): Promise<Map<string, Record<string, Measured>>> {
  const before = new Map<string, Record<string, Measured>>()
  for (const { score, checkpoint } of await attachScores(run)) {
    if (!checkpoint || !isDeepStrictEqual(score.command, template)) continue
    before.set(score.path, { ...before.get(score.path), ...score.values })
  }
  return before
}

/** The outcome for a checkpoint that was measured before. */
export function skippedEvaluation(of: RunCheckpoint, values: Record<string, Measured>): Evaluated {
  const nothing = { samples: null, repeats: [], log: null, seconds: 0, error: null }
  return { of, values, ...nothing, isSkipped: true, isUnstartable: false }
}

/** Runs the command for one checkpoint and keeps its measurements as scores. */
export async function evaluate(of: RunCheckpoint, how: Evaluation): Promise<Evaluated> {
  const { run, checkpoint } = of
  const { out, err } = await logFiles(run.root, checkpoint.path)
  const path = absolutePath(run.root, checkpoint.path)
  const argv = how.template.map((word) => {
    return word.replaceAll('{checkpoint}', () => path).replaceAll('{step}', `${checkpoint.step}`)
  })
  const { cwd, timeout, stop, by, template, slurm } = how
  const order = { argv, cwd, out, err, timeout, stop }
  const name = `eval-${checkpoint.path}`
  const onNews = (news: SlurmNews): void => slurm?.onNews(checkpoint.path, news)
  const ended = await (slurm ? runInSlurm(order, { ...slurm, name, onNews }) : runCommand(order))
  const shared = { of, log: out, seconds: ended.seconds, isUnstartable: ended.isUnstartable }
  const measured = ended.error === null ? await measurementsIn(out) : []
  if (measured.length === 0) {
    const error = await whyNone(ended, { out, err })
    return { ...shared, values: {}, samples: null, repeats: [], error, isSkipped: false }
  }
  const repeats = await addScores(of, measured, { by, file: out, command: template })
  const values = Object.fromEntries(measured.flatMap((one) => Object.entries(one.values)))
  const samples = measured.length === 1 ? (measured[0]?.samples ?? null) : null
  return { ...shared, values, samples, repeats, error: null, isSkipped: false }
}

async function measurementsIn(out: string): Promise<Measurements[]> {
  const { size } = await stat(out)
  return size > LARGEST ? [] : measurementsPrinted(await textOfFile(out))
}

/** Why there is no measurement, with the last line of the command's stderr. */
async function whyNone(
  { error }: CommandEnd,
  { out, err }: { out: string; err: string },
): Promise<string> {
  if (error === null && (await stat(out)).size > LARGEST) {
    return `the command printed more than ${LARGEST >> 20} MB to stdout. Print only the JSON there, and the rest to stderr (see ${out})`
  }
  if (error === null) {
    return `the command printed no JSON object with numbers, such as {"acc": 0.5}. Its output is in ${out}`
  }
  const last = (await textOfFile(err)).trimEnd().split('\n').at(-1)
  return `the command ${error}${last ? `. Its last line: ${last.slice(0, 300)}` : ''} (see ${err})`
}
