import { api, type AlertMessage, type AlertRule, type AlertRuleInput } from '../api.ts'

/** How often the messages are read again (ms). */
const AGAIN = 3_000

interface Read {
  rules: AlertRule[]
  messages: AlertMessage[]
}

/** The rules and messages of the page: as they were read with it, then as they change. */
export class AlertsPage {
  readonly #read: () => Read
  #rules = $state.raw<AlertRule[]>()
  #messages = $state.raw<AlertMessage[]>()
  /** Why the last change or read failed. */
  problem = $state('')

  constructor(read: () => Read) {
    this.#read = read
  }

  get rules(): AlertRule[] {
    return this.#rules ?? this.#read().rules
  }

  get messages(): AlertMessage[] {
    return this.#messages ?? this.#read().messages
  }

  /** Reads the messages again and again while the page is visible, until the returned function is called. */
  follow(): () => void {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') this.#readMessages().catch(reportError)
    }, AGAIN)
    return () => clearInterval(timer)
  }

  /** Saves a rule; returns whether it was saved. */
  save(rule: AlertRuleInput): Promise<boolean> {
    return this.#change(api.alerts.rules.save.mutate(rule))
  }

  /** Removes a rule; returns whether it was removed. */
  async remove(rule_id: string): Promise<void> {
    if (await this.#change(api.alerts.rules.remove.mutate({ rule_id }))) await this.#readMessages()
  }

  /** Sends a test message of a rule. */
  async test(rule_id: string): Promise<void> {
    await this.#attempt(async () => {
      await api.alerts.test.mutate({ rule_id })
      this.#messages = await api.alerts.list.query()
    })
  }

  #change(changed: Promise<AlertRule[]>): Promise<boolean> {
    return this.#attempt(async () => {
      this.#rules = await changed
    })
  }

  #readMessages(): Promise<boolean> {
    return this.#attempt(async () => {
      this.#messages = await api.alerts.list.query()
    })
  }

  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      this.problem = ''
      return true
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error)
      return false
    }
  }
}
