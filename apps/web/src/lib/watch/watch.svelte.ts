import { TRPCClientError } from '@trpc/client'
import type { AppRouter } from '@bestmark/api'
import { api, type Delta } from '../api.ts'
import { CONNECTING, type Letter, type Link, type WatchInput } from './reader.ts'
import { openSource } from './source.ts'
import { Tabs } from './tabs.ts'

/** `resting`: the tab is hidden, so it follows nothing. */
export type Connection = Link['connection'] | 'resting'

/**
 * What a page follows, over the one connection of all tabs. It rests while the tab is hidden, and
 * then continues after its last message.
 */
export class Watch {
  link = $state.raw<Link>(CONNECTING)
  #isResting = $state(false)
  #input: () => WatchInput
  #ondelta: (delta: Delta) => void
  #onback: () => void
  /** What is followed now; null if `input` must be called again. */
  #position: Position | null = null
  #stop: (() => void) | null = null
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

  get connection(): Connection {
    return this.#isResting ? 'resting' : this.link.connection
  }

  /** Follows until the returned function is called; made for `onMount`. */
  follow = (): (() => void) => {
    document.addEventListener('visibilitychange', this.#look)
    this.#look()
    return () => {
      document.removeEventListener('visibilitychange', this.#look)
      this.#leave()
      this.#position = null
    }
  }

  /** Follows a new input, when other series are shown. */
  renew(): void {
    this.#position = null
    if (this.#stop) this.#enter()
  }

  #look = (): void => {
    if (this.link.connection === 'ended') return
    this.#isResting = document.hidden
    if (!document.hidden) return this.#enter()
    this.#leave()
    this.link = CONNECTING
    this.#wasAway = true
  }

  #enter(): void {
    this.#leave()
    const position = (this.#position ??= positionOf($state.snapshot(this.#input())))
    const { watch, after } = position
    const reader = { key: crypto.randomUUID(), watch, after }
    this.#stop = theTabs().follow(reader, (letter) => this.#take(position, letter))
  }

  #leave(): void {
    this.#stop?.()
    this.#stop = null
  }

  #take(position: Position, letter: Letter): void {
    if (letter.kind === 'link') return this.#setLink(letter.link)
    position.after = letter.after
    if (isNews(position, letter.delta)) this.#ondelta(letter.delta)
  }

  #setLink(link: Link): void {
    this.link = link
    if (link.connection === 'away') this.#wasAway = true
    if (link.connection !== 'live' || !this.#wasAway) return
    this.#wasAway = false
    this.#onback()
  }
}

/** What is followed, and how far it was received. */
interface Position {
  watch: WatchInput
  /** The id of the last message. */
  after: string | null
  /** The revision of each job that was received, where every job is followed. */
  revisions: Map<string, number>
}

function positionOf(watch: WatchInput): Position {
  return { watch, after: null, revisions: new Map() }
}

/** The position on the whole board is that of its slowest writer, so some news come again. */
function isNews({ watch, revisions }: Position, { job_id, revision }: Delta): boolean {
  if (watch.jobs !== 'all') return true
  if (revision <= (revisions.get(job_id) ?? 0)) return false
  revisions.set(job_id, revision)
  return true
}

let tabs: Tabs | undefined

function theTabs(): Tabs {
  if (tabs) return tabs
  const opened = new Tabs({ open: openSource, isAccessLost })
  addEventListener('online', () => opened.tryNow())
  return (tabs = opened)
}

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
