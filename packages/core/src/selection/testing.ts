import type { SelectionInput } from './input.ts'
import type { Checkpoint, Claim, Evaluation } from '../run/rows.ts'
import type { Measured } from '../measured.ts'
import type { Selection } from './selection.ts'
import { select } from './select.ts'

/** Evaluations of attempt 0 from [step, eval_loss] pairs or [step, values]. */
export function evaluations(
  ...rows: (readonly [
    step: number,
    values: Measured | Record<string, Measured>,
    attempt?: number,
  ])[]
): Evaluation[] {
  return rows.map(([step, value, attempt = 0]) => ({
    attempt,
    step,
    epoch: null,
    origin: null,
    values: typeof value === 'object' && value !== null ? value : { eval_loss: value },
  }))
}

/** Complete checkpoints of attempt 0 at these steps. */
export function checkpoints(...steps: (number | Partial<Checkpoint>)[]): Checkpoint[] {
  return steps.map((of) => {
    const given = typeof of === 'number' ? { step: of } : of
    const { step = null } = given
    const path = `checkpoint-${step}`
    const files = { files_state: 'complete' as const, files_why: null }
    return { checkpoint_id: null, attempt: 0, step, path, ...files, ...given }
  })
}

/** The selection over rows; everything that is not given is undeclared. */
export function choose(input: Partial<SelectionInput>): Selection {
  return select({
    policy: 'as_declared',
    declaration: { metric: null, direction: null, declared_by: null },
    claim: null,
    evaluations: [],
    checkpoints: [],
    ...input,
  })
}

/** A claim of a folder and a value, as a trainer records it. */
export function claim(path: string | null, step: number | null, value: Measured = null): Claim {
  return { path, step, value, metric: null }
}
