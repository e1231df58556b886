import { betterText, checkText } from '@bestmark/core'
import type { LiveModel, Model } from '../api.ts'
import { checkpointName } from '../checkpoint/ranking.ts'
import { deploymentWords, modelPlace } from '../deploy/deployment.ts'
import { count, measure } from '../figures.ts'

type Entry = Model['history'][number]

/** A checkpoint of a run with its value: `step 500 of moby, eval_loss 2.181`. */
export function entryWords(entry: Entry): string {
  const { choice, job_name } = entry
  const value = choice?.metric ? `, ${choice.metric} ${measure(choice.value)}` : ''
  return `${checkpointName(entry)} of ${job_name}${value}`
}

/** What an entry of the history did, and how it ended. */
export function historyWords(entry: Entry): string {
  const what = entry.rolls_back_to === null ? 'Shipped' : 'Rolled back to'
  return `${what} ${entryWords(entry)}: ${deploymentWords(entry)}`
}

/** What an order that waits for an approval would do. */
export function waitingWords(entry: Entry): string {
  const what = entry.rolls_back_to === null ? 'Shipping' : 'Going back to'
  const place = modelPlace(entry.target, entry.model_name)
  return `${what} ${entryWords(entry)} to ${place} on ${entry.host} waits for the approval of a second person.`
}

/** How a better checkpoint compares with the live one. */
export function betterWords(
  better: NonNullable<LiveModel['better']>,
  choice: Entry['choice'],
): string {
  return betterText(better, choice?.direction, measure)
}

/** The alternatives at the time of the order. */
export function alternativeWords({ choice }: Entry): string {
  if (!choice) return 'Its alternatives were not recorded.'
  const others = choice.alternatives.slice(0, 3).map(({ step, value, is_tied }) => {
    return `step ${count(step)} (${measure(value)}${is_tied ? ', within the noise' : ''})`
  })
  if (others.length === 0) return 'There was no other candidate.'
  const rank = choice.rank === null ? 'Not ranked' : `Rank ${choice.rank}`
  return `${rank} of ${choice.candidates}, over ${others.join(', ')}.`
}

/** What became of a prompt that has no answer. */
export function promptWords({ state, error }: Asked): string {
  if (state === 'late') return 'No agent answered within a minute. Start the agent of the host.'
  return state === 'failed' ? `Nothing was written. ${error ?? ''}` : 'The models write…'
}

type Asked = NonNullable<NonNullable<LiveModel['playground']>['prompt']>

/** What the last check of the files found. */
export function checkWords({ state, detail }: NonNullable<LiveModel['check']>): string {
  return checkText(state, detail)
}
