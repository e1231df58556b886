import { type Destination, type DeliveryProblem, withoutSecrets } from '@bestmark/core'
import type { ClaimedAlert } from '@bestmark/db'
import { systemCode } from '../failure.ts'
import type { Delivery } from './delivery.ts'
import { discordBody, linkOf, plainBody, slackBody } from './messages.ts'

type Webhook = Extract<Destination, { url: string }>

const BODIES = { slack: slackBody, discord: discordBody, webhook: plainBody }

/** How much of an answer is read, and how much of it is stored (characters). */
const MOST = { read: 4_096, stored: 200 }

/** Sends an alert to a webhook. Redirects are not followed, since the address is a secret. */
export async function sendToWebhook(
  alert: ClaimedAlert,
  webhook: Webhook,
  board: string,
  signal: AbortSignal,
): Promise<Delivery> {
  const body = BODIES[webhook.type](alert, linkOf(alert, board))
  try {
    const answer = await fetch(webhook.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Bestmark' },
      body,
      redirect: 'manual',
      signal,
    })
    return await deliveryOf(answer, webhook)
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

async function deliveryOf(answer: Response, webhook: Webhook): Promise<Delivery> {
  const { status, headers } = answer
  if (status >= 300 && status < 400) {
    await answer.body?.cancel()
    return { problem: { code: 'redirect', status } }
  }
  const text = await beginningOf(answer)
  if (answer.ok) return { problem: null }
  const detail = withoutSecrets(text, webhook).slice(0, MOST.stored).toWellFormed()
  return { problem: { code: 'http', status, detail }, retry_after: retryAfter(headers) }
}

async function beginningOf({ body }: Response): Promise<string> {
  let text = ''
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (text.length > MOST.read) break
  }
  return text.trim()
}

/** The wait (ms) that a receiver asks for; 0 if it asks for none. */
function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get('retry-after'))
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 86_400) * 1_000 : 0
}

/** `fetch` puts the error of the network into the cause of its own, which may name the address. */
function problemOf(error: unknown): DeliveryProblem {
  if (!(error instanceof Error)) return { code: 'network', errno: 'unknown' }
  if (error.name === 'TimeoutError') return { code: 'timeout' }
  const { cause } = error
  // A name with several addresses gives an error for each.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return { code: 'network', errno: systemCode(cause) ?? systemCode(first) ?? error.name }
}
