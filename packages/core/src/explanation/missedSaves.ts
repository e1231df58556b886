import { byStep, type StepKey } from '../run/keys.ts'
import { finder } from '../metric/evaluations.ts'
import type { Note, ExplanationInput } from './explanation.ts'
import { note } from './note.ts'
import type { Checkpoint } from '../run/rows.ts'
import type { SelectionInput } from '../selection/input.ts'
import { grouped } from '../metric/figure.ts'

/**
 * Notes about the best evaluation if it was not saved. For an active run also a warning if
 * evaluations and saves happen at different steps.
 */
export function savingNotes(
  { selection, evaluations, context }: ExplanationInput,
  input: SelectionInput,
): Note[] {
  if (input.among === 'evaluations') return []
  const grid = context.save_steps ?? null
  const step = evaluations.at(0)?.step
  const between = gapOf(evaluations.map((one) => one.step))
  const advice = between === null ? 'Save at every evaluation' : `Save every ${between} steps`
  const notes: Note[] = []
  const { missed_best } = selection
  if (missed_best && !mayBeSaved(missed_best, evaluations, input, context)) {
    const help = context.alive ? ` ${advice}, or the next best will be lost too.` : ''
    notes.push(note('missed_best', 'warning', `${missed_best.text}.${help}`))
  }
  if (missed_best || !context.alive || grid === null || step === undefined) return notes
  const isSaved = finder(input.checkpoints.flatMap(stepped).sort(byStep))
  const off = evaluations.find((one) => one.step % grid !== 0 && !isSaved(one))
  if (off) {
    const text = `Step ${grouped(off.step)} was evaluated, but checkpoints are saved every ${grouped(grid)} steps. ${advice}, or the best may be lost.`
    notes.push(note('may_be_missed', 'warning', text))
  }
  return notes
}

/** Whether an active run may still save the weights of its newest evaluation, as it did before. */
function mayBeSaved(
  missed: StepKey,
  evaluations: ExplanationInput['evaluations'],
  { checkpoints }: SelectionInput,
  { alive }: ExplanationInput['context'],
): boolean {
  const newest = evaluations.at(-1)
  const isNewest = newest?.step === missed.step && newest.attempt === missed.attempt
  return alive === true && isNewest && checkpoints.length > 0
}

function stepped({ attempt, step }: Checkpoint): StepKey[] {
  return step === null ? [] : [{ attempt, step }]
}

/** The distance between evaluations, if it is constant. */
function gapOf(steps: readonly number[]): number | null {
  const [first, second] = steps
  if (first === undefined) return null
  const gap = second === undefined ? first : second - first
  const isRegular = steps.every(
    (step, index) => index === 0 || step - (steps[index - 1] ?? 0) === gap,
  )
  return isRegular && gap > 0 ? gap : null
}
