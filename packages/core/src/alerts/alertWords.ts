/** What a rule can watch for, in the order of a form. */
export const ALERT_KINDS = [
  'new_best',
  'no_improvement',
  'nan',
  'failed',
  'lost',
  'ended',
  'live_not_best',
] as const

/** Each kind, as a form and a list name it. */
export const KIND_WORDS: Record<(typeof ALERT_KINDS)[number], string> = {
  new_best: 'new best checkpoint',
  no_improvement: 'no improvement',
  nan: 'NaN or infinite value',
  failed: 'run failed',
  lost: 'run lost',
  ended: 'run ended',
  live_not_best: 'live model no longer the best',
}

/** Where a message can be sent, in the order of a form. */
export const DESTINATION_TYPES = ['slack', 'discord', 'webhook', 'email', 'desktop'] as const
export type DestinationType = (typeof DESTINATION_TYPES)[number]

/** A destination without its secrets. */
export interface ShownDestination {
  type: DestinationType
  /** The host of the webhook or of the mail server. */
  host: string | null
  from: string | null
  to: string[]
}

/** What to send it to, in a few words, such as "Slack (hooks.slack.com)". */
export function destinationText({ type, host, to }: ShownDestination): string {
  if (type === 'email') return `e-mail to ${to.join(', ')}`
  return host === null ? DESTINATION_WORDS[type] : `${DESTINATION_WORDS[type]} (${host})`
}

export const DESTINATION_WORDS: Record<DestinationType, string> = {
  slack: 'Slack',
  discord: 'Discord',
  webhook: 'webhook (JSON)',
  email: 'e-mail',
  desktop: 'desktop notification',
}
