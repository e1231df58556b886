import { TRPCClientError } from '@trpc/client'
import type { AppRouter } from '@bestmark/api'
import { api, type Delta } from '../api.ts'
import { backoff } from './backoff.ts'

export type WatchInput = Parameters<typeof api.watch.subscribe>[0]

/**
 * `resting`: the tab is hidden, so there is no subscription. `away`: the board does not answer.
 * `ended`: this browser lost its access, so there is no further try.
 */
export type Connection = 'connecting' | 'live' | 'resting' | 'away' | 'ended'

/**
 * The only subscription of a tab. It is closed while the tab is hidden. When it opens again, `input`
 * is called again, so it continues from the last message. A lost subscription is tried again with
 * growing pauses.
 */
export class Watch {
  connection = $state<Connection>('connecting')
  #input: () => WatchInput
  #ondelta: (delta: Delta) => void
  #onback: () => void
  #subscription: { unsubscribe: () => void } | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #wasAway = false

  /** `onback` is called when the board answers again after it was away or the tab was hidden. */
  constructor(
    input: () => WatchInput,
    ondelta: (delta: Delta) => void,
    onback: () => void = () => undefined,
  ) {
    this.#input = input
    this.#ondelta = ondelta
    this.#onback = onback
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    document.addEventListener('visibilitychange', this.#look)
    this.#look()
    return () => {
      document.removeEventListener('visibilitychange', this.#look)
      this.#close()
    }
  }

  /** Subscribes again with a new input, when other series are shown. */
  renew(): void {
    if (this.#subscription) this.#open()
  }

  #look = (): void => {
    if (this.connection === 'ended') return
    if (!document.hidden) return this.#open()
    this.#close()
    this.connection = 'resting'
    this.#wasAway = true
  }

  #open(): void {
    this.#close()
    if (this.connection === 'resting') this.connection = 'connecting'
    this.#subscription = api.watch.subscribe(this.#input(), {
      onStarted: () => this.#setLive(),
      onData: ({ data }) => {
        this.#setLive()
        this.#ondelta(data)
      },
      onConnectionStateChange: ({ state, error }) => {
        if (state === 'connecting' && error) this.#setAway()
      },
      onError: () => this.#setAway(),
    })
  }

  #setLive(): void {
    this.connection = 'live'
    this.#failures = 0
    if (this.#wasAway) this.#onback()
    this.#wasAway = false
  }

  #setAway(): void {
    this.#close()
    this.connection = 'away'
    this.#wasAway = true
    this.#failures += 1
    const retry = setTimeout(() => this.#open(), backoff(this.#failures))
    this.#retry = retry
    isAccessLost()
      .then((isIt) => {
        if (isIt && this.#retry === retry) this.#end()
      })
      .catch(reportError)
  }

  #end(): void {
    this.#close()
    this.connection = 'ended'
  }

  #close(): void {
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#subscription?.unsubscribe()
    this.#subscription = null
  }
}

/** Whether this browser lost its access; a lost stream does not give the reason. */
async function isAccessLost(): Promise<boolean> {
  try {
    await api.hosts.fullDisks.query({})
    return false
  } catch (error) {
    return isClientError(error) && error.data?.code === 'UNAUTHORIZED'
  }
}

function isClientError(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError
}
