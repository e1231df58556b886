import { alertText, KIND_WORDS, measuredJson } from '@bestmark/core'
import type { ClaimedAlert } from '@bestmark/db'

/** The most characters that Discord takes. */
const DISCORD_MOST = 2_000

/** The page of an alert's job on the board; of a test, the page of the alerts. */
export function linkOf({ job_id }: ClaimedAlert, board: string): string {
  const root = board.replace(/\/+$/, '')
  return job_id === null ? `${root}/alerts` : `${root}/jobs/${job_id}`
}

/** An alert as Slack takes it. Slack reads only &, < and > as more than text. */
export function slackBody(alert: ClaimedAlert, link: string): string {
  return JSON.stringify({
    text: `${slackText(textOf(alert))}\n<${slackText(link)}|Open in Bestmark>`,
  })
}

/** An alert as Discord takes it. It mentions nobody, with any name of a run. */
export function discordBody(alert: ClaimedAlert, link: string): string {
  const text = `${discordText(textOf(alert))}`
    .slice(0, DISCORD_MOST - link.length - 1)
    .toWellFormed()
  return JSON.stringify({ content: `${text}\n${link}`, allowed_mentions: { parse: [] } })
}

/** An alert as plain JSON: the sentence, the link, and the facts as fields. */
export function plainBody(alert: ClaimedAlert, link: string): string {
  const { alert_id, job_id, job_name, project, created_at, alert: facts } = alert
  const job = { job_id, job_name, project }
  return measuredJson({ alert_id, ...job, created_at, text: textOf(alert), link, ...facts })
}

/** An alert as an e-mail, without sender and receivers. */
export function mailOf(alert: ClaimedAlert, link: string): { subject: string; text: string } {
  const { alert: facts, job_name } = alert
  const what = facts.kind === 'test' ? 'test message' : KIND_WORDS[facts.kind]
  const subject = job_name === null ? `Bestmark: ${what}` : `${job_name}: ${what}`
  return { subject: subject.slice(0, 200), text: `${textOf(alert)}\n\n${link}\n` }
}

function textOf({ alert, job_name }: ClaimedAlert): string {
  return alertText(alert, job_name)
}

function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A name may have characters that Discord reads as Markdown. */
function discordText(text: string): string {
  return text.replaceAll(/[\\*_~`|#[\]()<>]/g, '\\$&')
}
