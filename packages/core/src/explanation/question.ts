import type { RunContext } from '../run/context.ts'
import { isLoss } from '../metric/direction.ts'
import type { Question, Winner, Explained } from './explanation.ts'
import { figure } from '../metric/figure.ts'
import type { Decider } from '../selection/decider.ts'
import type { SelectionInput } from '../selection/input.ts'

/** As many metrics as are asked about. */
const ASKED = 3

/**
 * What is asked once per project: nothing was declared, and task metrics would pick another
 * checkpoint than the loss does. Null where there is nothing to ask.
 */
export function questionOf(
  { selection, context }: Explained,
  decided: Decider,
  input: SelectionInput,
  winners: readonly Winner[],
): Question | null {
  const { best, metric, direction } = selection
  const asks = input.policy === 'as_declared' && decided.basis === 'nobody'
  if (!asks || input.told?.undeclared || input.told?.metric !== undefined || !best) return null
  const others = winners.filter((one) => !one.agrees && !isLoss(one.metric)).slice(0, ASKED)
  if (others.length === 0) return null
  const choices = [{ metric, direction, best, agrees: true }, ...others]
  return {
    choices,
    text: asked('The run does not say which metric decides', choices, context.project),
  }
}

/** The same question where several evaluation losses stand for none. */
export function undecidedQuestion(
  { policy, told }: SelectionInput,
  { basis }: Decider,
  { project }: RunContext,
  winners: readonly Winner[],
): Question | null {
  const asks = policy === 'as_declared' && (basis === 'nobody' || basis === 'preference')
  if (!asks || told?.undeclared || winners.length === 0) return null
  const choices = winners.slice(0, ASKED + 1)
  return { choices, text: asked('The run does not say which metric decides', choices, project) }
}

function asked(why: string, choices: readonly Winner[], project: string | null = null): string {
  const picks = choices.map(
    ({ metric, best }) => `${metric} picks step ${best.step} (${figure(best.value)})`,
  )
  const where = project ? ` in ${project}` : ''
  return `${why}: ${picks.join(', ')}. Which one decides${where}?`
}
