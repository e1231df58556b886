import { measuredJson } from '@bestmark/core'
import { absolutePath } from '@bestmark/db'
import { notify, print } from '../../cli/terminal.ts'
import { repeatText, valueText } from '../score/addedScores.ts'
import type { RunCheckpoint } from '../score/checkpointAt.ts'
import {
  evaluate,
  type Evaluated,
  type Evaluation,
  type measuredBefore,
  skippedEvaluation,
} from './evaluation.ts'
import type { NewCheckpoints } from './newCheckpoints.ts'

/** How the checkpoints of a run are evaluated. */
interface Way {
  before: Awaited<ReturnType<typeof measuredBefore>>
  isJson: boolean
  atOnce: number
  /** The checkpoints that follow; undefined if nobody waits for them. */
  following: NewCheckpoints | undefined
}

/**
 * Evaluates one checkpoint after another, since a command may need the whole machine; in Slurm some at
 * once. New ones are evaluated, too, if somebody waits for them.
 */
export async function evaluateEach(
  candidates: readonly RunCheckpoint[],
  how: Evaluation,
  way: Way,
): Promise<Evaluated[]> {
  const done: Evaluated[] = []
  const left = [...candidates]
  const taken = new Set<RunCheckpoint>()
  let [begun, total] = [0, left.length]
  const isOver = (): boolean => how.stop.aborted || done.some((one) => one.isUnstartable)
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const of = left.shift()
      if (of) {
        notify(`${++begun} of ${total}: ${of.checkpoint.path} …`)
        const one = await evaluated(of, how, way)
        done.push(one)
        show(one, way)
        continue
      }
      if ((await more()) === 0) return
    }
  }
  const more = async (): Promise<number> => {
    const found = (await way.following?.next(how.stop)) ?? []
    // All who wait get the same ones.
    const added = found.filter((one) => !taken.has(one))
    for (const one of added) taken.add(one)
    left.push(...added)
    total += added.length
    return found.length
  }
  await Promise.all(Array.from({ length: way.atOnce }, work))
  return done
}

async function evaluated(of: RunCheckpoint, how: Evaluation, { before }: Way): Promise<Evaluated> {
  const measured = before.get(of.checkpoint.path)
  return measured ? skippedEvaluation(of, measured) : evaluate(of, how)
}

function show(one: Evaluated, { atOnce, isJson }: Way): void {
  notify(`  ${atOnce > 1 ? `${one.of.checkpoint.path}: ` : ''}${outcome(one)}`)
  for (const repeat of one.repeats) notify(`  ${repeatText(repeat)}`)
  if (isJson) print(jsonLine(one))
}

function outcome({ values, seconds, error, isSkipped }: Evaluated): string {
  if (error !== null) return error
  const list = Object.entries(values).map(([name, value]) => `${name} ${valueText(value)}`)
  const when = isSkipped ? 'measured before; use --again to repeat' : `${seconds.toFixed(1)} s`
  return `${list.join(', ')} (${when})`
}

function jsonLine({ of, values, samples, log, seconds, error, isSkipped }: Evaluated): string {
  const { path: name, attempt, step } = of.checkpoint
  const path = absolutePath(of.run.root, name)
  const measured = { values, samples, log, seconds, error, skipped: isSkipped }
  return measuredJson({ checkpoint: name, path, attempt, step, ...measured })
}
