import type { Direction } from '../event.ts'
import { directionOf, isTest, superlative } from './direction.ts'
import { metricNames } from './evaluations.ts'
import type { Note, Winner } from './explanation.ts'
import { figure } from './figure.ts'
import type { Decider } from './metric.ts'
import { misleadingNotes } from './misleads.ts'
import { note } from './note.ts'
import { overfittingNotes } from './overfitting.ts'
import type { Explained } from './readings.ts'
import { isUnbeatenStart } from './reason.ts'
import { savingNotes } from './saving.ts'
import type { SelectionInput } from './select.ts'

const TONES: readonly Note['tone'][] = ['alarm', 'warning', 'note']

/** Everything to know with the choice: alarms first, then warnings, then notes. */
export function notesOf(
  given: Explained,
  decided: Decider,
  input: SelectionInput,
  winners: readonly Winner[],
): Note[] {
  const notes = [
    ...directionAlarms(given, decided, input),
    ...savingNotes(given, input),
    ...opinionNotes(given, decided),
    ...choiceNotes(given),
    ...misleadingNotes(given, decided),
    ...overfittingNotes(given, winners),
    ...winnerNotes(given, winners),
  ]
  return notes.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone))
}

/** The trainer's own setting goes for the wrong end of a metric. */
function directionAlarms(
  { selection, context }: Explained,
  decided: Decider,
  { declaration }: SelectionInput,
): Note[] {
  const { metric, direction, ranking, second_opinion } = selection
  const usual = directionOf(metric)
  const better = (of: Direction): string => `better ${of === 'min' ? 'low' : 'high'}`
  if (decided.basis === 'declared' && declaration.direction && usual && usual !== direction) {
    const last = ranking.at(-1)
    const other = last ? `; then the best is step ${last.step} (${figure(last.value)})` : ''
    const text = `${decided.declared_by} asks for the ${superlative(direction)} ${metric}, which is ${better(usual)} by its name: if that is a mistake, change the policy to metric ${metric} with ${usual}${other}`
    return [note('wrong_direction', 'alarm', text)]
  }
  if (usual === direction && second_opinion?.because === 'other_direction') {
    const text = `The trainer took the ${direction === 'min' ? 'highest' : 'lowest'} ${metric} for the best, but it is ${better(direction)}: set greater_is_better (or mode) for the next run`
    return [note('wrong_direction', 'alarm', text)]
  }
  const { metric_for_best_model: named, greater_is_better: told } = context.config ?? {}
  if (typeof named !== 'string' || typeof told === 'boolean' || named.endsWith('loss')) return []
  if (directionOf(named) !== 'min') return []
  const text = `HuggingFace's Trainer maximises ${named} where greater_is_better is not set, but it is better low: its own best checkpoint, and the ones that it keeps, are the wrong ones; set greater_is_better: false`
  return [note('wrong_direction', 'alarm', text)]
}

function opinionNotes({ selection }: Explained, { basis }: Decider): Note[] {
  const { second_opinion } = selection
  if (!second_opinion) return []
  const { agrees, because, text } = second_opinion
  // Whoever chose another metric knows that the trainer went by its own.
  const isExpected = agrees || (because === 'other_metric' && basis === 'told')
  return [note('second_opinion', isExpected ? 'note' : 'warning', text)]
}

/** What the choice itself leaves open. */
function choiceNotes({ selection, evaluations }: Explained): Note[] {
  const { near_ties, nothing_to_choose, best, ranking } = selection
  const notes: Note[] = []
  if (nothing_to_choose) {
    const tone = nothing_to_choose.code === 'still_falling' ? 'note' : 'warning'
    notes.push(note('nothing_to_choose', tone, nothing_to_choose.text))
  }
  if (near_ties && near_ties.candidates.length > 1) {
    const hint =
      selection.policy === 'within_noise'
        ? ''
        : '; policy within_noise takes the earliest or the latest of such'
    notes.push(note('near_ties', 'note', `${near_ties.text}${hint}`))
  }
  if (best && isUnbeatenStart(best, evaluations)) {
    const text = `step ${best.step} lies at the start of the run, and no later evaluation was better: training has not helped this metric yet`
    notes.push(note('unbeaten_start', 'warning', text))
  }
  if (ranking.length >= MANY && !metricNames(evaluations).some(isTest)) {
    const text = `the best of ${ranking.length} values flatters itself: a test split that the choice did not see would tell what it is worth`
    notes.push(note('best_of_many', 'note', text))
  }
  return notes
}

/** From so many candidates on, the best value is optimistic enough to say so. */
const MANY = 10

function winnerNotes({ selection }: Explained, winners: readonly Winner[]): Note[] {
  const others = winners.filter(({ agrees }) => !agrees)
  if (others.length === 0 || !selection.best) return []
  const picks = others.map(
    ({ metric, best }) => `${metric} would pick step ${best.step} (${figure(best.value)})`,
  )
  return [note('other_winner', 'note', picks.join(', '))]
}
