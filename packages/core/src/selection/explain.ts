import type { RunContext } from './context.ts'
import { superlative } from './direction.ts'
import type { Explanation } from './explanation.ts'
import { note } from './note.ts'
import { notesOf } from './notes.ts'
import { readingsOf, type Explained } from './readings.ts'
import { select, settingOf, type SelectionInput } from './select.ts'
import type { Selection } from './selection.ts'
import { questionOf, winnersOf } from './winners.ts'

/**
 * A selection in words, for every surface alike. Advice only: it never changes the selection.
 * O(evaluations × metrics).
 */
export function explain(
  input: SelectionInput,
  context: RunContext = {},
  selection: Selection = select(input),
): Explanation {
  const { reason: sentence, metric, direction, declared_by } = selection
  const { decided, evaluations } = settingOf(input)
  if (metric === null || direction === null || decided.problem !== null) {
    const nothing = evaluations.length === 0 ? [note('nothing_to_choose', 'warning', NOTHING)] : []
    const empty = { readings: [], winners: [], question: null }
    return { sentence, decided: declared_by, notes: nothing, ...empty }
  }
  const known = { ...selection, metric, direction }
  const min_delta = input.told?.min_delta ?? 0
  const given: Explained = { selection: known, evaluations, context, min_delta }
  const winners = winnersOf(given, input)
  return {
    sentence,
    decided: `${superlative(direction)} ${metric}; ${declared_by}`,
    notes: notesOf(given, decided, input, winners),
    readings: readingsOf(given),
    winners,
    question: questionOf(given, decided, input, winners),
  }
}

const NOTHING =
  'Nothing was evaluated: score the checkpoints with bestmark eval JOB -- COMMAND {checkpoint}, or bestmark score CHECKPOINT name=value.'
