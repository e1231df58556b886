import type { RunContext } from '../run/context.ts'
import { isLoss } from '../metric/direction.ts'
import { detailOf } from '../metric/evaluations.ts'
import type { Question, Winner, ExplanationInput } from './explanation.ts'
import { figure, grouped } from '../metric/figure.ts'
import type { Decider } from '../selection/decider.ts'
import type { SelectionInput } from '../selection/input.ts'

/** How many metrics a question offers beside the present one. */
const ASKED = 3

/**
 * A question to ask once. Either nothing was declared and a task metric would pick another checkpoint
 * than the loss. Or scores measured after training pick another checkpoint than the deciding metric.
 * Null if there is no question, or if a person has answered it.
 */
export function questionOf(
  given: ExplanationInput,
  { basis }: Decider,
  { policy, options }: SelectionInput,
  winners: readonly Winner[],
): Question | null {
  const { best, metric, direction } = given.selection
  if (policy !== 'as_declared' || options?.undeclared || options?.metric !== undefined || !best) {
    return null
  }
  const { missed_best } = given.selection
  const missed = missed_best && { step: missed_best.step, value: missed_best.value }
  const present = { metric, direction, best, agrees: true, missed }
  const differing = winners.filter(({ agrees }) => !agrees)
  if (basis !== 'nobody') return scoresQuestion(given, present, differing)
  const others = differing.filter((one) => !isLoss(one.metric)).slice(0, ASKED)
  if (others.length === 0) return null
  const choices = [present, ...others]
  const text = questionText(UNDECLARED, choices, given.context.project)
  return { code: 'undeclared', choices, text }
}

/** Asked for one job: the runs of its project need not have the same scores. */
function scoresQuestion(
  { evaluations }: ExplanationInput,
  present: Winner,
  differing: readonly Winner[],
): Question | null {
  const isScored = (metric: string): boolean =>
    evaluations.some((one) => (detailOf(one, metric).scored_by ?? null) !== null)
  const others = differing.filter(({ metric }) => isScored(metric)).slice(0, ASKED)
  if (others.length === 0) return null
  const choices = [present, ...others]
  return { code: 'scores', choices, text: questionText(SCORED, choices) }
}

const UNDECLARED = 'The run does not say which metric decides'
const SCORED = 'Scores measured after training pick another checkpoint'

/** The same question if several evaluation losses were logged and none decides. */
export function undecidedQuestion(
  { policy, options }: SelectionInput,
  { basis }: Decider,
  { project }: RunContext,
  winners: readonly Winner[],
): Question | null {
  const asks = policy === 'as_declared' && (basis === 'nobody' || basis === 'preference')
  if (!asks || options?.undeclared || winners.length === 0) return null
  const choices = winners.slice(0, ASKED + 1)
  return { code: 'undeclared', choices, text: questionText(UNDECLARED, choices, project) }
}

function questionText(
  why: string,
  choices: readonly Winner[],
  project: string | null = null,
): string {
  const picks = choices.map(
    ({ metric, best }) => `${metric} picks step ${grouped(best.step)} (${figure(best.value)})`,
  )
  const where = project ? ` for all runs of the project “${project}”` : ''
  return `${why}: ${picks.join(', ')}. Which one decides${where}?`
}
