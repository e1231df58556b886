import { type Destination, withoutSecrets } from '@bestmark/core'
import type { ClaimedAlert } from '@bestmark/db'
import { type Answer, isAccepted, isRedirect, networkProblem, post } from '../webhooks/post.ts'
import type { Delivery } from './delivery.ts'
import { discordBody, linkOf, plainBody, slackBody } from './messages.ts'

type Webhook = Extract<Destination, { url: string }>

const BODIES = { slack: slackBody, discord: discordBody, webhook: plainBody }

/** How much of an answer is stored (characters). */
const MOST_STORED = 200

/** Sends an alert to a webhook. Redirects are not followed, since the address is a secret. */
export async function sendToWebhook(
  alert: ClaimedAlert,
  webhook: Webhook,
  board: string,
  signal: AbortSignal,
): Promise<Delivery> {
  const body = BODIES[webhook.type](alert, linkOf(alert, board))
  try {
    return deliveryOf(await post(webhook.url, body, {}, signal), webhook)
  } catch (error) {
    return { problem: networkProblem(error) }
  }
}

function deliveryOf({ status, detail, retry_after }: Answer, webhook: Webhook): Delivery {
  if (isRedirect(status)) return { problem: { code: 'redirect', status } }
  if (isAccepted(status)) return { problem: null }
  const shown = withoutSecrets(detail, webhook).slice(0, MOST_STORED).toWellFormed()
  return { problem: { code: 'http', status, detail: shown }, retry_after }
}
