import type { RunContext } from './context.ts'
import type { Explanation } from './explanation.ts'
import { select, type SelectionInput } from './select.ts'
import type { Selection } from './selection.ts'

/**
 * A selection in words, for every surface alike. Advice only: it never changes the selection.
 * O(evaluations × metrics).
 */
export function explain(
  input: SelectionInput,
  _context: RunContext = {},
  selection: Selection = select(input),
): Explanation {
  const { reason: sentence, metric, direction, declared_by } = selection
  const low = direction === 'min' ? 'lowest' : 'highest'
  const decided = metric === null ? declared_by : `${low} ${metric}; ${declared_by}`
  return { sentence, decided, notes: [], readings: [], winners: [], question: null }
}
