import { rowsFrom, select } from '@bestmark/core'
import { absolutePath } from '@bestmark/db'
import { Failure } from '../../failure.ts'
import { listText, type RunCheckpoint, STEP_HINT } from '../score/checkpointAt.ts'
import type { ReadRun } from '../../sources/reader/source.ts'

type Complete = RunCheckpoint['checkpoint']

/**
 * The complete checkpoints of a run by step, or only those that `only` names: steps, `best` or
 * `last`. `best` is the absolute path of the board's best, null without a board. Throws a Failure
 * that lists the existing steps.
 */
export function candidatesOf(
  run: ReadRun,
  only: string | undefined,
  best: string | null,
): RunCheckpoint[] {
  const complete = completeIn(run)
  if (only === undefined) return complete.map((checkpoint) => ({ run, checkpoint }))
  const chosen = only.split(',').map((word) => one(word.trim(), { run, complete, best }))
  return complete
    .filter((checkpoint) => chosen.includes(checkpoint))
    .map((checkpoint) => ({ run, checkpoint }))
}

function completeIn(run: ReadRun): Complete[] {
  const { checkpoints } = rowsFrom(run.events)
  return checkpoints
    .filter((one): one is Complete => one.step !== null && one.files_state === 'complete')
    .sort((a, b) => a.step - b.step || a.attempt - b.attempt)
}

/** Why a run has nothing to evaluate, and what to do. */
export function whyNone({ root, events }: ReadRun): string {
  const { checkpoints } = rowsFrom(events)
  const whole = checkpoints.filter(({ files_state }) => files_state === 'complete')
  if (whole.length === 0) return `${root} has no complete checkpoint to evaluate.`
  const names = listText(whole.map(({ path }) => path))
  return `The checkpoints of ${root} have no step (${names}), but a score needs one. ${STEP_HINT}`
}

function one(
  word: string,
  { run, complete, best }: { run: ReadRun; complete: readonly Complete[]; best: string | null },
): Complete {
  const steps = listText(complete.map(({ step }) => String(step)))
  const there = `Steps with a complete checkpoint: ${steps || 'none'}.`
  const found = /^\d+$/.test(word)
    ? complete.findLast(({ step }) => step === Number(word))
    : word === 'last'
      ? complete.at(-1)
      : word === 'best'
        ? bestOf(run, complete, best)
        : undefined
  if (found) return found
  if (word === 'best') throw new Failure(`There is no best checkpoint yet. ${there}`)
  if (word === 'last' || /^\d+$/.test(word)) {
    const which = word === 'last' ? '' : ` at step ${word}`
    throw new Failure(`There is no complete checkpoint${which}. ${there}`)
  }
  throw new Failure(`--only must be steps, best or last; got "${word}". ${there}`)
}

function bestOf(
  run: ReadRun,
  complete: readonly Complete[],
  boardBest: string | null,
): Complete | undefined {
  const { best } = select({ policy: 'as_declared', ...rowsFrom(run.events) })
  return complete.findLast(({ path, attempt, step }) => {
    if (boardBest !== null) return absolutePath(run.root, path) === boardBest
    return path === best?.path && attempt === best.attempt && step === best.step
  })
}
