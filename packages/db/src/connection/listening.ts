import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'

/** How long to wait before the next try to listen again (ms). */
const AGAIN = 1_000

/** What a listener of a channel gets. */
export interface ChannelListener {
  heard: (payload: string) => void
  /** Listening began, or began again after the connection broke: something may have been missed. */
  listening?: (() => void) | undefined
}

/** Calls a listener for each notification of a channel. Resolves once none can be missed. */
export type Listen = (channel: string, listener: ChannelListener) => Promise<unknown>

/**
 * Listens on the only connection of a client, so that its process needs no second one. The
 * connection must not be closed while it is idle. If it breaks, it listens again.
 */
export class SharedListening {
  readonly #channels = new Map<string, Set<ChannelListener>>()
  #sql: Pick<Sql, 'unsafe'> | undefined
  #isAgain = false

  /** The options of the client that this listens on. */
  readonly options = {
    onnotify: (channel: string, payload: string): void => {
      for (const { heard } of this.#channels.get(channel) ?? []) heard(payload)
    },
    onclose: (): void => void this.#again(),
  }

  /** Must be called before `listen`. */
  on(sql: Pick<Sql, 'unsafe'>): void {
    this.#sql = sql
  }

  readonly listen: Listen = async (channel, listener) => {
    const listeners = this.#channels.get(channel) ?? new Set()
    const isNew = listeners.size === 0
    this.#channels.set(channel, listeners.add(listener))
    try {
      await this.#sql?.unsafe(statement(channel))
    } catch (error) {
      listeners.delete(listener)
      if (isNew && listeners.size === 0) this.#channels.delete(channel)
      throw error
    }
    listener.listening?.()
  }

  /** After this the connection may close for good. */
  end(): void {
    this.#channels.clear()
  }

  async #again(): Promise<void> {
    if (this.#isAgain) return
    this.#isAgain = true
    try {
      while (this.#channels.size > 0 && !(await this.#listensToAll())) await sleep(AGAIN)
    } finally {
      this.#isAgain = false
    }
    for (const listeners of this.#channels.values()) {
      for (const { listening } of listeners) listening?.()
    }
  }

  async #listensToAll(): Promise<boolean> {
    try {
      await this.#sql?.unsafe([...this.#channels.keys()].map(statement).join('; '))
      return true
    } catch {
      // Queries fail by themselves meanwhile, and their errors are reported.
      return false
    }
  }
}

function statement(channel: string): string {
  return `listen "${channel.replaceAll('"', '""')}"`
}
