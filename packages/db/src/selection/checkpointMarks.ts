import { checkpointKey, type FilesState, type Selection } from '@bestmark/core'
import type { StoredCheckpoint } from '../rows/decidingCheckpoints.ts'
import type { Window } from '../series/seriesParts.ts'

/** What a chart shows of a checkpoint. */
export interface CheckpointMark {
  step: number | null
  epoch: number | null
  files_state: FilesState
  is_best: boolean
  /** Within the noise of the best. */
  is_tied: boolean
}

/** A chart is not wide enough for more marks. */
const MOST = 1_000

/**
 * The marks of a job's checkpoints in a window of steps, by step. Of many marks, only those stay
 * that a chart can show separately: for each stretch of steps one per state of the files, and the
 * best.
 */
export function checkpointMarks(
  { checkpoints, selection }: { checkpoints: readonly StoredCheckpoint[]; selection: Selection },
  { from_step, to_step }: Window = { from_step: -Infinity, to_step: Infinity },
): CheckpointMark[] {
  const [best] = selection.ranking
  const ties = selection.near_ties?.candidates ?? []
  const tied = new Set(ties.length > 1 ? ties.map(checkpointKey) : [])
  const marks = checkpoints.flatMap((checkpoint): CheckpointMark[] => {
    const { step, epoch, files_state, checkpoint_id } = checkpoint
    if (step !== null && !(step >= from_step && step <= to_step)) return []
    const is_best = checkpoint_id === best?.checkpoint_id
    return [{ step, epoch, files_state, is_best, is_tied: tied.has(checkpointKey(checkpoint)) }]
  })
  return marks.length > MOST ? apart(marks) : marks
}

function apart(marks: readonly CheckpointMark[]): CheckpointMark[] {
  const steps = marks.flatMap(({ step }) => (step === null ? [] : [step]))
  const first = steps[0] ?? 0
  const stretch = ((steps.at(-1) ?? 0) - first) / (MOST / 2) || 1
  const taken = new Set<string>()
  return marks.filter(({ step, files_state, is_best, is_tied }) => {
    if (step === null) return false
    const key = `${Math.floor((step - first) / stretch)} ${files_state} ${is_tied}`
    if (taken.has(key) && !is_best) return false
    taken.add(key)
    return true
  })
}
