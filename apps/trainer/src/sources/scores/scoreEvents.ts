import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  type EventOf,
  grouped,
  isUri,
  type TrainingEvent,
  readerNote,
  type ReaderNote,
  admit,
  misfit,
  type Skips,
  skipWarnings,
} from '@bestmark/core'
import { absolutePath } from '@bestmark/db/root'
import { systemCode } from '../../failure.ts'
import { bytesOfFile } from '../../files/runFile.ts'
import { type ScoreAt, SCORES, type ScoresPiece } from './scoresFile.ts'

/** The fields of a checkpoint that are needed to attach scores. */
export type Scorable = Pick<EventOf<'checkpoint'>, 'attempt' | 'step' | 'path' | 'epoch'>

/** A score and its checkpoint; null if that was removed or overwritten. */
export interface AttachedScore {
  score: ScoreAt
  checkpoint: { attempt: number; step: number; epoch: number | null } | null
}

const STATE = 'trainer_state.json'

/** Digest of a checkpoint's state file, which is unique; null if it has none, or is in an object store. */
export async function stateDigest(root: string, path: string): Promise<string | null> {
  const folder = absolutePath(root, path)
  if (isUri(folder)) return null
  try {
    const text = await bytesOfFile(join(folder, STATE))
    return createHash('sha256').update(text).digest('hex')
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return null
  }
}

/** Attaches scores to a run's checkpoints by path, step and attempt. */
export function attachByAttempt(
  scores: readonly ScoreAt[],
  checkpoints: readonly Scorable[],
): AttachedScore[] {
  return scores.map((score) => {
    const { attempt, step, path } = score
    const found = checkpoints.find((one) => {
      return one.path === path && one.step === step && one.attempt === attempt
    })
    return { score, checkpoint: found ? { attempt, step, epoch: found.epoch } : null }
  })
}

/**
 * Attaches scores to the checkpoints in a run's folder by path, step and state file. Inferred attempts
 * may change when files are removed, so they are not used.
 */
export async function attachByState(
  root: string,
  scores: readonly ScoreAt[],
  checkpoints: readonly Scorable[],
): Promise<AttachedScore[]> {
  const digests = new Map<string, string | null>()
  for (const { path } of scores) {
    if (!digests.has(path)) digests.set(path, await stateDigest(root, path))
  }
  return scores.map((score) => {
    const found = checkpoints.find(({ path, step }) => path === score.path && step === score.step)
    if (!found || digests.get(score.path) !== score.state) return { score, checkpoint: null }
    return { score, checkpoint: { attempt: found.attempt, step: score.step, epoch: found.epoch } }
  })
}

/** Scores as evaluations of their checkpoints. A skipped score becomes a warning. */
export function scoreEvents(
  attached: readonly AttachedScore[],
  { unreadable, problem }: Pick<ScoresPiece, 'unreadable' | 'problem'>,
  lastAttempt: number,
): TrainingEvent[] {
  const skips: Skips = {}
  for (const line of unreadable) {
    admit(skips, [misfit('score', 'it is not a score')], { file: SCORES, line })
  }
  const events = attached.map((one) => {
    return evaluation(one) ?? readerNote(lastAttempt, skippedNote(one.score))
  })
  const admitted = events.flatMap((event, index) => {
    return admit(skips, [event], { file: SCORES, line: attached[index]?.score.line ?? null })
  })
  const problems =
    problem === null ? [] : [readerNote(lastAttempt, { code: 'scores_unreadable', text: problem })]
  return [...admitted, ...problems, ...skipWarnings(skips, lastAttempt)]
}

function evaluation({ score, checkpoint }: AttachedScore): EventOf<'evaluation'> | undefined {
  if (!checkpoint) return undefined
  const { at, values, samples, directions, lines } = score
  const origin = score.origin ?? { file: SCORES, line: score.line }
  const measured = { values, samples, directions, lines, origin, scored_by: score.by }
  return { type: 'evaluation', ...checkpoint, at, ...measured }
}

function skippedNote({ path, step, line }: ScoreAt): ReaderNote {
  const text = `Skipped the score of ${path} (step ${grouped(step)}) on line ${line} of ${SCORES}: that checkpoint was removed or overwritten`
  return { code: 'score_skipped', text }
}
