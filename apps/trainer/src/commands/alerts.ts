import {
  alertText,
  destinationText,
  KIND_WORDS,
  measuredJson,
  problemSentence,
} from '@bestmark/core'
import { listAlerts, listRules, type SentAlert, type ShownRule } from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { secondText } from '../cli/timeText.ts'
import { EXIT } from '../failure.ts'
import { ALERTS } from './alerts.table.ts'

/** How many of the last messages are listed. */
const LAST = 20

/** Lists the rules and the last messages. Exits with 1 if there is no rule. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, ALERTS)
  await using board = await openBoard()
  const rules = await listRules(board.db)
  const messages = await listAlerts(board.db, { limit: LAST })
  if (values.json) print(measuredJson({ rules, messages: messages.map(worded) }))
  else {
    if (rules.length === 0) notify('No alert has a rule. Add one on the page Alerts of the board.')
    print(...rules.map(ruleLine))
    print(...messages.flatMap(messageLines))
  }
  return rules.length > 0 ? EXIT.found : EXIT.nothing
}

function worded(message: SentAlert) {
  return { ...message, text: alertText(message.alert, message.job_name) }
}

function ruleLine({ rule_id, project, kinds, evaluations, destination }: ShownRule): string {
  const named = kinds.map((kind) =>
    kind === 'no_improvement' ? `${KIND_WORDS[kind]} (${evaluations})` : KIND_WORDS[kind],
  )
  const jobs = project === null ? 'all projects' : `project ${project}`
  return [rule_id.slice(0, 8), destinationText(destination), jobs, named.join(', ')].join('  ')
}

function messageLines(message: SentAlert): string[] {
  const at = secondText(message.created_at)
  const line = [at, stateOf(message).padEnd(9), worded(message).text].join('  ')
  return message.problem ? [line, `  ${problemSentence(message.problem)}`] : [line]
}

function stateOf({ delivered_at, next_try_at }: SentAlert): string {
  if (delivered_at !== null) return 'delivered'
  return next_try_at === null ? 'given up' : 'waiting'
}
