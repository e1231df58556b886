import {
  alertDelivered,
  alertFailed,
  claimAlerts,
  type ClaimedAlert,
  type Database,
  deriveAlerts,
  forgetOldAlerts,
  hasAlertRules,
} from '@bestmark/db'
import type { ErrorListener } from '../cli/errorReporter.ts'
import { pause } from '../pause.ts'
import type { Delivery } from './delivery.ts'

/** How the sender works (ms). */
export interface SenderPace {
  /** Between two looks for alerts and for messages that are due. */
  round: number
  /** How long a receiver may take, in all. */
  timeout: number
  /** How long a message belongs to this sender; longer than a receiver may take. */
  lease: number
}

const PACE: SenderPace = { round: 2_000, timeout: 20_000, lease: 60_000 }

/**
 * Finds alerts and sends them, beside the recording and never in its way. Several senders may work
 * on one board: each message is claimed by one. It is sent at least once, and again if a sender
 * dies before it stored that the message arrived.
 */
export class AlertSender {
  readonly #db: Database
  readonly #board: () => Promise<string>
  readonly #errors: ErrorListener
  readonly #pace: SenderPace
  readonly #over = new AbortController()

  /** `board` gives the address of the board for links, which changes with its link. */
  constructor(
    db: Database,
    board: () => Promise<string>,
    errors: ErrorListener,
    pace: SenderPace = PACE,
  ) {
    this.#db = db
    this.#board = board
    this.#errors = errors
    this.#pace = pace
  }

  /** Works until it is stopped. Errors are reported and do not end it. */
  async work(): Promise<void> {
    await forgetOldAlerts(this.#db).catch(this.#errors.report)
    while (!this.#over.signal.aborted) {
      await this.#round().catch(this.#errors.report)
      await pause(this.#pace.round, this.#over.signal)
    }
  }

  /** Ends the work within moments. A message on its way is sent again by the next sender. */
  stop(): void {
    this.#over.abort()
  }

  async #round(): Promise<void> {
    if (!(await hasAlertRules(this.#db))) return
    while (await deriveAlerts(this.#db));
    while (!this.#over.signal.aborted) {
      const claimed = await claimAlerts(this.#db, this.#pace.lease)
      if (claimed.length === 0) return
      // Each belongs to another rule, so a slow receiver delays its own messages at most.
      await Promise.all(claimed.map((alert) => this.#send(alert)))
    }
  }

  async #send(alert: ClaimedAlert): Promise<void> {
    const { problem, retry_after } = await this.#deliver(alert)
    if (problem === null) return alertDelivered(this.#db, alert.alert_id)
    if (this.#over.signal.aborted) return
    await alertFailed(this.#db, alert, problem, retry_after)
  }

  async #deliver(alert: ClaimedAlert): Promise<Delivery> {
    const { destination } = alert
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(this.#pace.timeout)])
    // Desktop notifications are fetched by pages and never claimed.
    if (destination.type === 'desktop') return { problem: null }
    const board = await this.#board()
    if (destination.type === 'email') {
      const { sendByEmail } = await import('./email.ts')
      return sendByEmail(alert, destination, board, signal)
    }
    const { sendToWebhook } = await import('./webhook.ts')
    return sendToWebhook(alert, destination, board, signal)
  }
}
