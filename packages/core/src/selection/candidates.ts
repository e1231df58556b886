import type { StepKey } from '../run/keys.ts'
import type { Checkpoint, Evaluation } from '../run/rows.ts'
import type { Direction } from '../run/event.ts'
import { mayBeWhole } from '../run/filesState.ts'
import { isFiniteMeasure } from '../measured.ts'
import { type Criteria, meetsAll } from './conditions.ts'
import { detailOf, Finder, measureOf } from '../metric/evaluations.ts'
import { type Block, blocksOf, leadersOf } from './leaders.ts'
import { skippedCheckpoint, skippedEvaluation } from './skipped.ts'
import type { Skipped, Ranked } from './selection.ts'

/**
 * What is compared, in order of step, then attempt, then arrival. Only the rows that are asked for
 * are made, because a long run has millions that nobody reads.
 */
export interface Candidates {
  readonly length: number
  /** The value of each row; NaN if it cannot win. */
  blocks: () => Iterable<Block>
  valueAt: (index: number) => number
  /** Attempt and step of a row that can win. */
  keyAt: (index: number) => StepKey
  rankedAt: (index: number) => Ranked
  /**
   * Whether these are all evaluations if `count` rows can win. Then no evaluation is better than the
   * best of them.
   */
  isEveryEvaluation: (count: number) => boolean
  /** Why a row cannot win; undefined if there is nothing to say about it. */
  skippedAt: (index: number) => Skipped | undefined
}

/**
 * The value that an evaluation is compared by: a finite value of the metric, if the conditions are
 * met; otherwise NaN.
 */
function comparedValue(evaluation: Evaluation, { metric, conditions }: Criteria): number {
  const value = measureOf(evaluation, metric)
  if (!isFiniteMeasure(value)) return NaN
  return conditions.length === 0 || meetsAll(evaluation, conditions) ? value : NaN
}

/**
 * Checkpoints. One can win if its files may be whole, it has a finite value of the metric at the same attempt
 * and step, and meets every condition. `evaluations` are in order of step.
 */
export class CheckpointCandidates implements Candidates {
  readonly length: number
  readonly #rows: readonly Checkpoint[]
  readonly #evaluations: Finder<Evaluation>
  readonly #criteria: Criteria

  /** How many rows can win if each evaluation has one; NaN if a step may have several. */
  readonly #most: number

  constructor({ checkpoints, evaluations }: Rows, criteria: Criteria) {
    const { rows, areUnique } = inOrder(checkpoints)
    this.#rows = rows
    this.length = rows.length
    this.#evaluations = new Finder(evaluations)
    this.#criteria = criteria
    this.#most = areUnique ? evaluations.length : NaN
  }

  isEveryEvaluation(count: number): boolean {
    return count === this.#most
  }

  blocks(): Iterable<Block> {
    const [rows, evaluations, criteria] = [this.#rows, this.#evaluations, this.#criteria]
    return blocksOf(this.length, (into, from) => {
      for (let at = 0; at < into.length; at++) {
        const checkpoint = rows[from + at]
        const evaluation =
          checkpoint && mayBeWhole(checkpoint.files_state)
            ? evaluations.find(checkpoint)
            : undefined
        into[at] = evaluation === undefined ? NaN : comparedValue(evaluation, criteria)
      }
    })
  }

  valueAt(index: number): number {
    const checkpoint = this.#rows[index]
    if (!checkpoint || !mayBeWhole(checkpoint.files_state)) return NaN
    const evaluation = this.#evaluations.find(checkpoint)
    return evaluation === undefined ? NaN : comparedValue(evaluation, this.#criteria)
  }

  keyAt(index: number): StepKey {
    return stepped(existing(this.#rows[index]))
  }

  rankedAt(index: number): Ranked {
    const checkpoint = existing(this.#rows[index])
    const evaluation = existing(this.#evaluations.find(checkpoint))
    return ranked(evaluation, this.#criteria.metric, checkpoint)
  }

  skippedAt(index: number): Skipped {
    const checkpoint = existing(this.#rows[index])
    return skippedCheckpoint(checkpoint, this.#evaluations.find(checkpoint), this.#criteria)
  }
}

/** Evaluations, with or without a checkpoint. One can win if it is finite and meets the conditions. */
export class EvaluationCandidates implements Candidates {
  readonly length: number
  readonly #rows: readonly Evaluation[]
  readonly #checkpoints: Finder<Checkpoint & StepKey>
  readonly #criteria: Criteria

  constructor({ checkpoints, evaluations }: Rows, criteria: Criteria) {
    this.#rows = evaluations
    this.length = evaluations.length
    this.#checkpoints = new Finder(inOrder(checkpoints.filter(hasStep)).rows)
    this.#criteria = criteria
  }

  isEveryEvaluation(): boolean {
    return true
  }

  blocks(): Iterable<Block> {
    return blocksOf(this.length, (into, from) => {
      for (let at = 0; at < into.length; at++) into[at] = this.valueAt(from + at)
    })
  }

  valueAt(index: number): number {
    const evaluation = this.#rows[index]
    return evaluation === undefined ? NaN : comparedValue(evaluation, this.#criteria)
  }

  keyAt(index: number): StepKey {
    return existing(this.#rows[index])
  }

  rankedAt(index: number): Ranked {
    const evaluation = existing(this.#rows[index])
    const checkpoint = this.#checkpoints.find(evaluation)
    const saved = checkpoint && mayBeWhole(checkpoint.files_state) ? checkpoint : null
    return ranked(evaluation, this.#criteria.metric, saved)
  }

  skippedAt(index: number): Skipped | undefined {
    const evaluation = existing(this.#rows[index])
    return skippedEvaluation(evaluation, this.#checkpoints.find(evaluation), this.#criteria)
  }
}

/** The rows of a run; the evaluations are in order of step. */
interface Rows {
  checkpoints: readonly Checkpoint[]
  evaluations: readonly Evaluation[]
}

/** Every row that cannot win, in order of step, with its reason. */
export function skippedOf(candidates: Candidates): Skipped[] {
  const skipped: Skipped[] = []
  for (const { from, values } of candidates.blocks()) {
    for (const [at, value] of values.entries()) {
      const one = Number.isNaN(value) ? candidates.skippedAt(from + at) : undefined
      if (one) skipped.push(one)
    }
  }
  return skipped
}

function existing<Row>(row: Row | undefined): Row {
  if (row === undefined) throw new RangeError('A row was read that does not exist.')
  return row
}

interface Ordered<Row> {
  rows: readonly Row[]
  /** True only if no two rows have the same attempt and step. */
  areUnique: boolean
}

/** Rows by step, then attempt, then arrival; those without a step are last. O(n) if they are so. */
function inOrder<Row extends SavedKey>(rows: readonly Row[]): Ordered<Row> {
  let areUnique = true
  let before: Row | undefined
  for (const row of rows) {
    const order = before ? bySteplessLast(before, row) : -1
    if (order > 0) return { rows: rows.toSorted(bySteplessLast), areUnique: false }
    if (order === 0) areUnique = false
    before = row
  }
  return { rows, areUnique }
}

type SavedKey = Pick<Checkpoint, 'attempt' | 'step'>

function bySteplessLast(a: SavedKey, b: SavedKey): number {
  return (a.step ?? Number.MAX_VALUE) - (b.step ?? Number.MAX_VALUE) || a.attempt - b.attempt
}

function stepped(checkpoint: Checkpoint): StepKey {
  if (!hasStep(checkpoint)) throw new RangeError(`${checkpoint.path} has no step.`)
  return checkpoint
}

function hasStep(checkpoint: Checkpoint): checkpoint is Checkpoint & StepKey {
  return checkpoint.step !== null
}

function ranked(evaluation: Evaluation, metric: string, checkpoint: Checkpoint | null): Ranked {
  const { attempt, step, epoch } = evaluation
  const { checkpoint_id = null, path = null } = checkpoint ?? {}
  const value = existing(measureOf(evaluation, metric) ?? undefined)
  const eval_loss = measureOf(evaluation, 'eval_loss') ?? null
  const { origin } = detailOf(evaluation, metric)
  return { checkpoint_id, attempt, step, epoch, path, value, score: null, eval_loss, origin }
}

/** An evaluation and its finite value of the deciding metric. */
export interface BestEvaluation {
  evaluation: Evaluation
  value: number
}

/**
 * The first of the best evaluations that meet the conditions, with or without a checkpoint;
 * undefined if no value is finite. O(evaluations).
 */
export function bestEvaluation(
  evaluations: readonly Evaluation[],
  criteria: Criteria,
  direction: Direction,
): BestEvaluation | undefined {
  const rows = new EvaluationCandidates({ checkpoints: [], evaluations }, criteria)
  const { best } = leadersOf(rows.blocks(), direction)
  const evaluation = evaluations[best]
  return evaluation && { evaluation, value: comparedValue(evaluation, criteria) }
}
