import { isSameStep } from '../run/keys.ts'
import { isTest } from '../metric/direction.ts'
import { isFiniteMeasure } from '../measured.ts'
import { measureOf, metricNames } from '../metric/evaluations.ts'
import { stepKey } from '../run/keys.ts'
import type { RunContext } from '../run/context.ts'
import type { Evaluation } from '../run/rows.ts'
import type { NothingToChoose, Selection } from '../selection/selection.ts'
import type { LossTurn, Note, Winner, ExplanationInput } from './explanation.ts'
import { directionAlarms } from './alarms.ts'
import { figure, grouped } from '../metric/figure.ts'
import type { Decider } from '../selection/decider.ts'
import { misleadingNotes } from './caveats.ts'
import { note } from './note.ts'
import { overfittingNotes } from './overfitting.ts'
import { isUnbeatenStart } from '../selection/reason.ts'
import { savingNotes } from './missedSaves.ts'
import type { SelectionInput } from '../selection/input.ts'

const TONES: readonly Note['tone'][] = ['alarm', 'warning', 'note']

interface Found {
  decided: Decider
  input: SelectionInput
  winners: readonly Winner[]
  loss_turn: LossTurn | null
}

/** Everything to know with the choice: alarms first, then warnings, then notes. */
export function notesOf(
  given: ExplanationInput,
  { decided, input, winners, loss_turn }: Found,
): Note[] {
  const notes = [
    ...directionAlarms(given, decided, input),
    ...savingNotes(given, input),
    ...opinionNotes(given, decided),
    ...choiceNotes(given),
    ...misleadingNotes(given, decided),
    ...overfittingNotes(loss_turn),
    ...winnerNotes(given, winners),
  ]
  return notes.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone))
}

function opinionNotes({ selection }: ExplanationInput, { basis }: Decider): Note[] {
  const { second_opinion } = selection
  if (!second_opinion) return []
  const { agrees, because, text } = second_opinion
  // A person who chose another metric already knows that the trainer used a different one.
  if (agrees) return [note('trainer_agrees', 'note', text)]
  const isExpected = because === 'other_metric' && basis === 'chosen'
  return [note('second_opinion', isExpected ? 'note' : 'warning', text)]
}

/** Notes that there is nothing to choose; no warning while the run may still evaluate. */
export function nothingNotes(
  { nothing_to_choose }: Pick<Selection, 'nothing_to_choose'>,
  evaluations: readonly Evaluation[],
  { alive }: RunContext,
): Note[] {
  if (!nothing_to_choose) return []
  const { code, text } = nothing_to_choose
  const isMissing = code === 'no_evaluation' && evaluations.length > 0
  if (alive && !isMissing) {
    const soFar = SO_FAR[code]
    return soFar === null ? [] : [note('nothing_to_choose', 'note', soFar)]
  }
  return [note('nothing_to_choose', code === 'still_falling' ? 'note' : 'warning', text)]
}

/** The texts for an active run. That it still improves needs no note. */
const SO_FAR: Record<NothingToChoose['code'], string | null> = {
  no_evaluation: 'There is no evaluation yet.',
  one_evaluation: 'Only one evaluation can be compared so far.',
  still_falling: null,
}

/** Notes about the certainty of the choice. */
function choiceNotes({ selection, evaluations, context }: ExplanationInput): Note[] {
  const { near_ties, best, ranking, metric, direction } = selection
  const notes = nothingNotes(selection, evaluations, context)
  if (near_ties && near_ties.candidates.some((one) => !isSameStep(one, best))) {
    const hint =
      selection.policy === 'within_noise'
        ? ''
        : ' Policy within_noise can take the earliest or the latest of them.'
    notes.push(note('near_ties', 'note', `${near_ties.text}${hint}`))
  }
  if (best && isUnbeatenStart(best, evaluations, metric, direction)) {
    const text = `Step ${grouped(best.step)} is at the start of the run, and no later evaluation was better. Training has not improved this metric yet.`
    notes.push(note('unbeaten_start', 'warning', text))
  }
  const compared = ranking.length + lostCandidates(selection, evaluations)
  if (compared >= MANY && !metricNames(evaluations).some(isTest)) {
    const text = `Picked as the best of ${compared}, so its value is optimistic. Check it on a test set that was not used for the choice.`
    notes.push(note('best_of_many', 'note', text))
  }
  return notes
}

/**
 * How many checkpoints were measured but have no files now. The choice was made among them too, so
 * pruning does not make the best value less optimistic.
 */
function lostCandidates(
  { skipped, metric }: ExplanationInput['selection'],
  evaluations: readonly Evaluation[],
): number {
  const measured = new Set(
    evaluations.filter((one) => isFiniteMeasure(measureOf(one, metric))).map(stepKey),
  )
  return skipped.filter(({ attempt, step, reason }) => {
    return reason === 'missing' && step !== null && measured.has(stepKey({ attempt, step }))
  }).length
}

/** From this many candidates on, a note says that the best value is optimistic. */
const MANY = 10

function winnerNotes({ selection }: ExplanationInput, winners: readonly Winner[]): Note[] {
  const others = winners.filter(({ agrees }) => !agrees)
  if (others.length === 0 || !selection.best) return []
  const picks = others.map(
    ({ metric, best }) => `${metric} would pick step ${grouped(best.step)} (${figure(best.value)})`,
  )
  return [note('other_winner', 'note', `${picks.join(', ')}.`)]
}
