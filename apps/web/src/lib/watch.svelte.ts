import { api, type Delta } from './api.ts'

export type WatchInput = Parameters<typeof api.watch.subscribe>[0]

/** `resting`: the tab is hidden, nothing is asked. `away`: the board does not answer. */
export type Connection = 'connecting' | 'live' | 'resting' | 'away'

const SHORTEST_WAIT = 1_000
const LONGEST_WAIT = 10_000

/**
 * The one subscription of a tab. It is closed while the tab is hidden and opened again from where
 * the reader stands, since `input` is asked anew each time; a lost one is tried again with growing
 * pauses.
 */
export class Watch {
  connection = $state<Connection>('connecting')
  #input: () => WatchInput
  #ondelta: (delta: Delta) => void
  #onback: () => void
  #subscription: { unsubscribe: () => void } | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #wait = SHORTEST_WAIT
  #wasAway = false

  /** `onback` is told when the board answers again after a time in which nothing was heard. */
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

  /** Asks again with a new input, when what is shown has changed. */
  renew(): void {
    if (this.#subscription) this.#open()
  }

  #look = (): void => {
    if (!document.hidden) return this.#open()
    this.#close()
    this.connection = 'resting'
    this.#wasAway = true
  }

  #open(): void {
    this.#close()
    if (this.connection === 'resting') this.connection = 'connecting'
    this.#subscription = api.watch.subscribe(this.#input(), {
      onStarted: () => this.#heard(),
      onData: ({ data }) => {
        this.#heard()
        this.#ondelta(data)
      },
      onConnectionStateChange: ({ state, error }) => {
        if (state === 'connecting' && error) this.#lost()
      },
      onError: () => this.#lost(),
    })
  }

  #heard(): void {
    this.connection = 'live'
    this.#wait = SHORTEST_WAIT
    if (this.#wasAway) this.#onback()
    this.#wasAway = false
  }

  #lost(): void {
    this.#close()
    this.connection = 'away'
    this.#wasAway = true
    this.#retry = setTimeout(() => this.#open(), this.#wait)
    this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait)
  }

  #close(): void {
    clearTimeout(this.#retry)
    this.#subscription?.unsubscribe()
    this.#subscription = null
  }
}
