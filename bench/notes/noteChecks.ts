import {
  type Explanation,
  isFiniteMeasure,
  type Note,
  type NoteCode,
  ownValue,
  type RunContext,
  type RunRows,
  type Selection,
} from '@bestmark/core'

/** One note about one run. */
export interface GivenNote {
  rows: RunRows
  context: RunContext
  selection: Selection
  explanation: Explanation
  note: Note
  /** Whether the best evaluation of the whole run had no checkpoint. */
  was_missed?: boolean
}

export interface NoteCheck {
  /** What counts as right, as the end of "right where …". */
  right_where: string
  isRight: (given: GivenNote) => boolean
}

type Row = RunRows['evaluations'][number]

/** A check for each note, from facts that the rule of the note does not use. */
export const NOTE_CHECKS: Partial<Record<NoteCode, NoteCheck>> = {
  trainer_agrees: {
    right_where: 'the step in the trainer’s record is the chosen one',
    isRight: (given) => recordedStep(given) === given.selection.best?.step,
  },
  second_opinion: {
    right_where: 'the step in the trainer’s record is another one',
    isRight: (given) => recordedStep(given) !== given.selection.best?.step,
  },
  near_ties: {
    right_where: 'every named checkpoint lies within the named error of the best',
    isRight: ({ selection: { near_ties, best } }) =>
      (near_ties?.candidates ?? []).every(
        ({ value }) =>
          Math.abs(value - (best?.value ?? NaN)) <= (near_ties?.noise.standard_error ?? 0),
      ),
  },
  nothing_to_choose: {
    right_where: 'at most one value is finite, or each value is better than the last in one epoch',
    isRight: ({ rows, selection }) => {
      const values = finite(rows.evaluations, selection.metric ?? 'eval_loss')
      const isFalling = values.every(
        (one, at) => at === 0 || isBetter(selection, one, values[at - 1]),
      )
      return values.length <= 1 || (isFalling && (rows.evaluations.at(-1)?.epoch ?? 1) < 1)
    },
  },
  unbeaten_start: {
    right_where: 'no later value is better',
    isRight: ({ rows, selection }) =>
      !finite(rows.evaluations, selection.metric ?? '').some((one) =>
        isBetter(selection, one, selection.best?.value),
      ),
  },
  other_winner: {
    right_where: 'each named value is the best of its metric, at another step',
    isRight: ({ rows, selection, explanation }) =>
      explanation.winners
        .filter(({ agrees }) => !agrees)
        .every(({ metric, direction, best }) => {
          const isBest = !finite(rows.evaluations, metric).some((one) =>
            isBetter({ direction }, one, best.value),
          )
          return isBest && best.step !== selection.best?.step
        }),
  },
  best_of_many: {
    right_where: 'the best value is better than the mean of its two neighbours',
    isRight: ({ rows, selection }) => {
      const { best, metric } = selection
      const at = rows.evaluations.findIndex(({ step }) => step === best?.step)
      const beside = finite(
        [at - 1, at + 1].flatMap((one) => rows.evaluations[one] ?? []),
        metric ?? '',
      )
      const mean = beside.reduce((sum, one) => sum + one, 0) / beside.length
      return isBetter(selection, best?.value, mean)
    },
  },
  speech: {
    right_where: 'the last evaluation loss is above the lowest',
    isRight: ({ rows }) => {
      const values = finite(rows.evaluations, 'eval_loss')
      return (values.at(-1) ?? NaN) > Math.min(...values)
    },
  },
  constant_accuracy: {
    right_where: 'the loss is that of guessing among 1 ÷ accuracy classes (within 0.02)',
    isRight: ({ rows }) => {
      const last = rows.evaluations.at(-1)?.values ?? {}
      const accuracy = ownValue(last, 'eval_accuracy') ?? ownValue(last, 'accuracy') ?? NaN
      const loss = ownValue(last, 'eval_loss') ?? NaN
      return Math.abs(loss - Math.log(Math.round(1 / accuracy))) < 0.02
    },
  },
  unlike_scales: {
    right_where:
      'the ratio of both losses is the same (within a quarter) all through the first epoch',
    isRight: ({ rows, context }) => {
      const first = rows.evaluations.filter(({ epoch }) => (epoch ?? 0) <= 1)
      const ratios = first.map(
        (one) => (context.trainLoss?.(one) ?? NaN) / (ownValue(one.values, 'eval_loss') ?? NaN),
      )
      return Math.max(...ratios) / Math.min(...ratios) <= 1.25
    },
  },
  overfitting: {
    right_where:
      'at the end the evaluation loss is over 1 % higher than there, and the training loss lower',
    isRight: (given) => hasTurned(given),
  },
  loss_rises: {
    right_where: 'the same holds, and the named metric is better later than there',
    isRight: (given) => {
      const { step, later } = given.explanation.loss_turn ?? {}
      const winner = given.explanation.winners.find(({ metric }) => metric === later?.metric)
      return hasTurned(given) && (winner === undefined || winner.best.step > (step ?? Infinity))
    },
  },
  missed_best: {
    right_where: 'no saved step reached the best value of the run',
    isRight: ({ was_missed }) => was_missed === true,
  },
  may_be_missed: {
    right_where: 'a later best evaluation had no checkpoint',
    isRight: ({ was_missed }) => was_missed === true,
  },
}

function recordedStep({ rows: { claim } }: GivenNote): number | null {
  const inPath = /-(\d+)\/?$/.exec(claim?.path ?? '')?.[1]
  return claim?.step ?? (inPath === undefined ? null : Number(inPath))
}

function finite(evaluations: readonly Row[], metric: string): number[] {
  return evaluations.map(({ values }) => ownValue(values, metric)).filter(isFiniteMeasure)
}

function isBetter(
  { direction }: Pick<Selection, 'direction'>,
  one: number | undefined,
  other: number | undefined,
): boolean {
  const more = (one ?? NaN) - (other ?? NaN)
  return direction === 'max' ? more > 0 : more < 0
}

function hasTurned({ rows, context, explanation }: GivenNote): boolean {
  const there = rows.evaluations.find(({ step }) => step === explanation.loss_turn?.step)
  const last = rows.evaluations.at(-1)
  if (!there || !last) return false
  const [low = NaN, end = NaN] = [there, last].flatMap((one) => finite([one], 'eval_loss'))
  return (
    end > 1.01 * low && (context.trainLoss?.(last) ?? NaN) < (context.trainLoss?.(there) ?? NaN)
  )
}
