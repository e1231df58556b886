import { holdLock, type HeldLock } from './browserLock.ts'
import { inboxOf, Lead, type Posted, presenceOf } from './lead.ts'
import type { Letter, Reader, Take } from './reader.ts'
import type { StreamOptions } from './sharedStream.ts'

/** Raise it when the messages change, so that tabs of an older build have their own leader. */
const PROTOCOL = 1
/** The lock of the tab that leads, and the channel of all tabs. */
export const LEADER = `bestmark-leader-${PROTOCOL}`
/** How often a leader says that it is there (ms). */
const BEAT = 5_000
/** After this many silent beats another tab takes the lead. */
const SILENT = 3

/** What the tabs of a browser say to each other. */
type Message =
  | { kind: 'who' }
  | { kind: 'lead'; term: string }
  | { kind: 'follow'; term: string; reader: Reader }
  | { kind: 'leave'; key: string }

interface TabReader {
  reader: Reader
  take: Take
  inbox: BroadcastChannel
  presence: HeldLock
}

/** What a tab has while one of its readers follows. */
interface Joined {
  channel: BroadcastChannel
  lock: HeldLock
  beating: ReturnType<typeof setInterval>
}

/**
 * The readers of this tab among all tabs of the browser. One tab leads: it has the only connection,
 * and passes on what it receives. When it closes, another tab leads, and every reader continues after
 * its last message. A letter of an earlier leader is dropped, because the next one sends it again.
 */
export class Tabs {
  readonly #options: Omit<StreamOptions, 'send'>
  readonly #readers = new Map<string, TabReader>()
  #joined: Joined | null = null
  #lead: Lead | null = null
  /** The term of the tab that leads; null if it is not known. */
  #term: string | null = null
  #silent = 0

  constructor(options: Omit<StreamOptions, 'send'>) {
    this.#options = options
  }

  /** Follows until the returned function is called. */
  follow(reader: Reader, take: Take): () => void {
    const { key } = reader
    const inbox = inboxOf(key)
    const one = { reader: { ...reader }, take, inbox, presence: holdLock(presenceOf(key)) }
    inbox.onmessage = ({ data }: MessageEvent<Posted>) => {
      if (data.term === this.#term) deliver(one, data.letter)
    }
    this.#readers.set(key, one)
    this.#joined ??= this.#join()
    this.#register(one)
    return () => this.#leave(key)
  }

  /** Tries again now, because the network is back. */
  tryNow(): void {
    this.#lead?.tryNow()
  }

  #join(): Joined {
    const channel = new BroadcastChannel(LEADER)
    channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data)
    const beating = setInterval(() => this.#beat(), BEAT)
    say(channel, { kind: 'who' })
    return { channel, beating, lock: this.#waitToLead() }
  }

  #waitToLead(steal = false): HeldLock {
    const lock = holdLock(LEADER, () => this.#stopLeading(), steal)
    lock.held
      .then(() => {
        if (this.#joined?.lock === lock) this.#startLeading()
      })
      .catch((error) => reportError(error))
    return lock
  }

  #startLeading(): void {
    this.#lead = new Lead(this.#options)
    this.#term = this.#lead.term
    for (const one of this.#readers.values()) this.#register(one)
    this.#beat()
  }

  /** Another tab took the lead, because this one was silent. */
  #stopLeading(): void {
    this.#lead?.close()
    this.#lead = null
    this.#term = null
    if (!this.#joined) return
    this.#joined.lock = this.#waitToLead()
    say(this.#joined.channel, { kind: 'who' })
  }

  #beat(): void {
    if (!this.#joined) return
    if (this.#lead) return say(this.#joined.channel, { kind: 'lead', term: this.#lead.term })
    this.#silent += 1
    if (this.#silent < SILENT) return
    this.#silent = 0
    this.#joined.lock.release()
    this.#joined.lock = this.#waitToLead(true)
  }

  #hear(message: Message): void {
    if (message.kind === 'lead') return this.#hearLeader(message.term)
    if (!this.#lead) return
    if (message.kind === 'who') this.#beat()
    if (message.kind === 'leave') this.#lead.leave(message.key)
    if (message.kind === 'follow' && message.term === this.#lead.term) {
      this.#lead.followElsewhere(message.reader)
    }
  }

  #hearLeader(term: string): void {
    this.#silent = 0
    if (this.#lead || term === this.#term) return
    this.#term = term
    for (const one of this.#readers.values()) this.#register(one)
  }

  /** Tells the leader what a reader follows, and where it continues. */
  #register(one: TabReader): void {
    if (this.#lead) return this.#lead.followHere(one.reader, (letter) => deliver(one, letter))
    const term = this.#term
    if (term === null) return
    one.presence.held
      .then(() => {
        const isCurrent = term === this.#term && this.#readers.get(one.reader.key) === one
        if (!isCurrent || !this.#joined) return
        say(this.#joined.channel, { kind: 'follow', term, reader: one.reader })
      })
      .catch((error) => reportError(error))
  }

  #leave(key: string): void {
    const one = this.#readers.get(key)
    if (!one || !this.#joined) return
    this.#readers.delete(key)
    one.inbox.close()
    one.presence.release()
    if (this.#lead) this.#lead.leave(key)
    else say(this.#joined.channel, { kind: 'leave', key })
    if (this.#readers.size === 0) this.#part(this.#joined)
  }

  #part({ channel, beating, lock }: Joined): void {
    this.#joined = null
    clearInterval(beating)
    this.#lead?.close()
    this.#lead = null
    this.#term = null
    this.#silent = 0
    lock.release()
    channel.close()
  }
}

function deliver(one: TabReader, letter: Letter): void {
  if (letter.kind === 'news') one.reader.after = letter.after
  one.take(letter)
}

function say(channel: BroadcastChannel, message: Message): void {
  channel.postMessage(message)
}
