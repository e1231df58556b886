import { z } from 'zod'
import type { ShownDestination } from './alertWords.ts'
import { mailServerAt } from './mailServer.ts'

/** The rule of `isWebhookUrl` in words. */
export const IS_NO_WEBHOOK =
  'the address of a webhook begins with http:// or https:// and has no user or password'
const IS_NO_MAIL_SERVER = 'a mail server is written smtp://host:587 or smtps://user:password@host'

const WebhookUrl = z.string().max(2_000).refine(isWebhookUrl, IS_NO_WEBHOOK)
const MailServer = z.string().max(500).refine(isMailServer, IS_NO_MAIL_SERVER)
const MailAddress = z.email('an e-mail address is written name@host').max(320)

/** The most receivers of one e-mail. */
const MOST_RECEIVERS = 20

const Webhook = z.object({ type: z.enum(['webhook', 'slack', 'discord']), url: WebhookUrl })

const Email = z.object({
  type: z.literal('email'),
  server: MailServer,
  from: MailAddress,
  to: z.array(MailAddress).min(1).max(MOST_RECEIVERS),
})

/** Pages that are open and allowed to notify. */
const Desktop = z.object({ type: z.literal('desktop') })

/** Where a rule sends its alerts. The addresses of webhooks and mail servers are secrets. */
export const Destination = z.discriminatedUnion('type', [Webhook, Email, Desktop])
export type Destination = z.infer<typeof Destination>

/** A destination as a form sends it: an empty secret keeps the stored one. */
export const DestinationInput = z.discriminatedUnion('type', [
  Webhook.extend({ url: z.string().max(2_000).refine(orEmpty(isWebhookUrl), IS_NO_WEBHOOK) }),
  Email.extend({ server: z.string().max(500).refine(orEmpty(isMailServer), IS_NO_MAIL_SERVER) }),
  Desktop,
])
export type DestinationInput = z.infer<typeof DestinationInput>

/** What people may see of a destination. */
export function shownDestination(destination: Destination): ShownDestination {
  const { type } = destination
  if (destination.type === 'desktop') return { type, host: null, from: null, to: [] }
  if (destination.type === 'email') {
    const { server, from, to } = destination
    return { type, host: mailServerAt(server)?.host ?? null, from, to }
  }
  return { type, host: new URL(destination.url).host, from: null, to: [] }
}

/** Whether a text is an address that messages may be sent to: http or https, without a user or password. */
export function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

function isMailServer(text: string): boolean {
  return mailServerAt(text) !== undefined
}

function orEmpty(isValid: (text: string) => boolean): (text: string) => boolean {
  return (text) => text === '' || isValid(text)
}
