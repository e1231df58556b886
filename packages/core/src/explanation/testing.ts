import type { RunContext } from '../run/context.ts'
import type { SelectionInput } from '../selection/input.ts'
import type { Measured } from '../measured.ts'
import type { Evaluation } from '../run/rows.ts'
import { checkpoints, evaluations } from '../selection/testing.ts'
import { explain } from './explain.ts'
import type { NoteCode } from './explanation.ts'

/** The explanation of rows that were all saved; everything that is not given is undeclared. */
export function explained(input: Partial<SelectionInput>, context: RunContext = {}) {
  const saved = (input.evaluations ?? []).map(({ step, attempt }) => ({ step, attempt }))
  return explain(
    {
      ...{
        policy: 'as_declared',
        claim: null,
        evaluations: [],
        checkpoints: checkpoints(...saved),
      },
      declaration: { metric: null, direction: null, declared_by: null },
      ...input,
    },
    context,
  )
}

/** The tone of a note; null if there is none. */
export const toneOf = (code: NoteCode, ...given: Parameters<typeof explained>) =>
  explained(...given).notes.find((note) => note.code === code)?.tone ?? null

/** A reading by its name. */
export const readingOf = (name: string, ...given: Parameters<typeof explained>) =>
  explained(...given).readings.find((one) => one.name === name)

/** Evaluation losses at every hundred steps. */
export const losses = (values: readonly Measured[]): Evaluation[] =>
  evaluations(...values.map((loss, index) => [100 * (index + 1), loss] as const))
