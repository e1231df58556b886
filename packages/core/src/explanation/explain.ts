import type { SelectionInput } from '../selection/input.ts'
import { partsOf } from '../metric/aggregate.ts'
import type { RunContext } from '../run/context.ts'
import { superlative } from '../metric/direction.ts'
import type { Explanation, ExplanationInput } from './explanation.ts'
import { deciderWords } from '../selection/decider.ts'
import { notesOf, nothingNotes } from './notes.ts'
import { lossTurn } from './overfitting.ts'
import { questionOf, undecidedQuestion } from './question.ts'
import { readingsOf } from './readings.ts'
import { select } from '../selection/select.ts'
import { decisionOf, type Decision } from '../selection/decision.ts'
import type { Selection } from '../selection/selection.ts'
import { separateWinners, winnersOf } from './winners.ts'

/**
 * The explanation of a selection, the same for the page, the API and the command line. Advice only:
 * it never changes the selection. O(evaluations × metrics). `selection` and `decision` belong to the
 * same input; pass them if they are already computed.
 */
export function explain(
  input: SelectionInput,
  context: RunContext = {},
  selection: Selection = select(input),
  decision: Decision = decisionOf(input),
): Explanation {
  const { reason: sentence, metric, direction } = selection
  const { decided, evaluations } = decision
  if (metric === null || direction === null || decided.problem !== null) {
    return undecided(input, context, selection, decision)
  }
  const withMetric = { ...selection, metric, direction }
  const min_delta = input.options?.min_delta ?? 0
  // Only the first evaluations have the aggregate.
  const arrivals = partsOf(metric) ? evaluations : input.evaluations
  const given: ExplanationInput = {
    selection: withMetric,
    evaluations,
    arrivals,
    context,
    min_delta,
  }
  const winners = winnersOf(given, input)
  const loss_turn = lossTurn(given)
  return {
    sentence,
    decided: `${superlative(direction)} ${metric}`,
    basis: decided.basis,
    notes: notesOf(given, { decided, input, winners, loss_turn }),
    readings: readingsOf(given, loss_turn),
    loss_turn,
    winners,
    question: questionOf(given, decided, input, winners),
  }
}

/** If nothing decides: what each metric would choose on its own. */
function undecided(
  input: SelectionInput,
  context: RunContext,
  selection: Selection,
  { decided, evaluations }: Decision,
): Explanation {
  const notes = nothingNotes(selection, evaluations, context)
  const winners = separateWinners(input, evaluations)
  const question = undecidedQuestion(input, decided, context, winners)
  return {
    sentence: selection.reason,
    decided: deciderWords(decided),
    basis: decided.basis,
    notes,
    readings: [],
    loss_turn: null,
    winners,
    question,
  }
}
