import { grouped, type ReaderNote } from '@bestmark/core'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Candidate } from './candidate.ts'

/**
 * Where evidence was found: in a log line that names the weights, in their name, in their file, in a
 * log row with their value, or in other weights with the same tensors, whose step is known.
 */
export type SignKind = 'log' | 'name' | 'inside' | 'value' | 'tensors' | 'other'

/** One piece of evidence for the step of weights. */
export interface Sign {
  step: number
  kind: SignKind
  /** The evidence, as part of a sentence. */
  by: string
  /** Whether the log has a row at this step. */
  hasRow: boolean
  /** Whether it is enough alone. Numbers in names and files are checked against the log. */
  isSure: boolean
}

/** A log row at the step counts as one more piece of evidence. */
function weightOf(signs: readonly Sign[] = []): number {
  return signs.length + (signs[0]?.hasRow ? 1 : 0)
}

/**
 * The log line that names weights decides. Otherwise a name and a count in the file that agree decide:
 * the value of weights may be older than they are, or equal that of another row.
 */
function decidingSigns(all: readonly Sign[]): readonly Sign[] {
  const named = all.filter(({ kind }) => kind === 'log')
  if (named.length > 0) return named
  const inside = all.filter(({ kind }) => kind === 'inside').map(({ step }) => step)
  const agreed = all.find(({ kind, step }) => kind === 'name' && inside.includes(step))
  return agreed ? all.filter(({ step }) => step === agreed.step) : all
}

/** The step with the most evidence. `unclear` says why there is no evidence. */
export function weighSigns(
  one: Candidate,
  all: readonly Sign[],
  unclear?: string,
): { one: Candidate; saved: SavedFile } {
  const signs = decidingSigns(all)
  const { path, hints, mtime, size } = one.found
  const counts = [...Map.groupBy(signs, ({ step }) => step)].sort(
    ([, a], [, b]) => weightOf(b) - weightOf(a),
  )
  const [first, second] = counts
  const isClear = first !== undefined && weightOf(first[1]) > weightOf(second?.[1])
  const step = isClear ? first[0] : null
  const role = hints.role ?? (step === null ? 'latest' : null)
  const step_note = isClear
    ? describeOnlySign(path, first)
    : signs.length > 0
      ? contradiction(path, signs)
      : unclear === undefined
        ? null
        : unknownStep(path, unclear)
  return {
    one,
    saved: { path, step, epoch: null, role, mtime, size, ...(step_note !== null && { step_note }) },
  }
}

/** A note for a step with only one piece of evidence, unless that is enough. */
function describeOnlySign(path: string, [step, signs]: [number, Sign[]]): ReaderNote | null {
  const [only, ...others] = signs
  if (!only || others.length > 0 || only.isSure) return null
  const text = `${path} is probably from step ${grouped(step)}. The only evidence is ${only.by}`
  return { code: 'step_likely', text }
}

function unknownStep(path: string, why: string): ReaderNote {
  return { code: 'step_unknown', text: `The step of ${path} is unknown. ${why}` }
}

function contradiction(path: string, signs: readonly Sign[]): ReaderNote {
  const evidence = signs.map(({ step, by }) => `step ${grouped(step)} (${by})`).join(', ')
  const text = `The step of ${path} is unknown. The evidence differs: ${evidence}`
  return { code: 'step_contradicted', text }
}
