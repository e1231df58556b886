import { errorText, Failure, systemCode } from '../failure.ts'
import { pause } from '../pause.ts'
import { BoardRefused } from './boardRefused.ts'
import type { BoardTarget } from './boardTarget.ts'
import { JournalSender, type SentFile } from './journalSender.ts'
import { statIfSeen } from '../files/runFile.ts'
import { sendScores } from './scoreSender.ts'
import { sendSamples } from './sampleSender.ts'

/** The least time between two rounds (ms), and the time per sent journal: a token has 300 pieces per minute. */
const PACE = { round: 2_000, journal: 250 }
/** The longest time between two tries while the board is away (ms). */
const LONGEST_PAUSE = 60_000

/** What becomes of a journal. */
export type SentState = 'waiting' | 'sent' | 'refused'

/** Hears what the sending does. */
export interface SendingListener {
  message: (text: string) => void
  onState: (key: string, state: SentState, code: string | null) => void
}

interface Outgoing {
  name: string
  /** The file as it is now. */
  file: () => SentFile
  sender: JournalSender
  /** A text that changes with the file; undefined before the board had all of it. */
  sent: string | undefined
  isRefused: boolean
  /** The size of the scores that the board has. */
  scores?: number
}

/** Sends the journals of a host to a board, one after another, until the board has them. */
export class Sending {
  readonly #target: BoardTarget
  readonly #listener: SendingListener
  readonly #journals = new Map<string, Outgoing>()
  #isAway = false
  #pause = 0

  constructor(target: BoardTarget, listener: SendingListener) {
    this.#target = target
    this.#listener = listener
  }

  /** Sends this journal from now on. */
  add(key: string, name: string, file: () => SentFile): void {
    if (this.#journals.has(key)) return
    const sender = new JournalSender(this.#target)
    this.#journals.set(key, { name, file, sender, sent: undefined, isRefused: false })
  }

  remove(key: string): void {
    this.#journals.delete(key)
  }

  /** Whether the board has all of a journal. */
  isSent(key: string): boolean {
    const one = this.#journals.get(key)
    return one !== undefined && one.sent === stateOf(one.file())
  }

  /** The journals that the board refused, and how many bytes of the others it may not have. */
  get left(): { refused: number; waiting: number; bytes: number } {
    const all = [...this.#journals.entries()]
    const waiting = all.filter(([key, one]) => !one.isRefused && !this.isSent(key))
    const bytes = waiting.reduce((sum, [, one]) => {
      return sum + Math.max(0, sizeOf(one.file()) - (one.sender.offset ?? 0))
    }, 0)
    const refused = all.filter(([, one]) => one.isRefused).length
    return { refused, waiting: waiting.length, bytes }
  }

  /** Sends until the signal aborts. Throws a Failure if the board can take no journal of this host. */
  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sent = await this.round(signal)
      await pause(Math.max(PACE.round, sent * PACE.journal, this.#pause), signal)
    }
  }

  /** Sends until the board has everything, or did not answer `tries` times in a row. */
  async finish(tries: number, signal: AbortSignal): Promise<void> {
    for (let failed = 0; failed < tries && !signal.aborted;) {
      await this.round(signal)
      if (this.left.waiting === 0) return
      failed = this.#isAway ? failed + 1 : 0
      if (failed === tries) return
      await pause(Math.max(this.#pause, PACE.journal), signal)
    }
  }

  /** Sends what is new of each journal; returns how many were sent. Throws a Failure as `work`. */
  async round(signal: AbortSignal): Promise<number> {
    let sent = 0
    for (const [key, one] of this.#journals) {
      if (signal.aborted || one.isRefused || this.isSent(key)) continue
      if (!(await this.#send(key, one, signal))) return sent
      sent++
    }
    return sent
  }

  /** Sends a journal; returns whether the board answered. */
  async #send(key: string, one: Outgoing, signal: AbortSignal): Promise<boolean> {
    const file = one.file()
    const state = stateOf(file)
    try {
      await one.sender.send(file, signal)
      await this.#sendScores(one, file, signal)
      const isWhole = await this.#sendFiles(one, file, signal)
      this.#answered()
      // The next files follow in the next round, so that other journals need not wait for them.
      if (!isWhole) return true
      one.sent = state
      this.#listener.onState(key, 'sent', null)
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (error instanceof BoardRefused) return this.#refused(key, one, error)
      if (systemCode(error) === undefined) throw error
      // It began again in another file while it was read.
      if (one.file().path !== file.path) return true
      // The journal is not there now; a later look finds it again.
      this.#listener.message(`${one.name}: ${errorText(error)}`)
      this.remove(key)
      return true
    }
  }

  /** Sends the scores of a run if they changed, and are not in its journal. */
  async #sendScores(one: Outgoing, file: SentFile, signal: AbortSignal): Promise<void> {
    const size = file.scores?.() ?? 0
    if (size === (one.scores ?? 0) || Number.isNaN(size) || !one.sender.takesScores) return
    for (const text of await sendScores(this.#target, file, signal)) {
      this.#listener.message(`${one.name}: ${text}`)
    }
    one.scores = size
  }

  /** Sends the next files that the board lacks; returns whether it has them all. */
  async #sendFiles(one: Outgoing, file: SentFile, signal: AbortSignal): Promise<boolean> {
    if (!one.sender.wantsFiles) return true
    const { isWhole, refused } = await sendSamples(this.#target, file, signal)
    if (isWhole) one.sender.hasFiles()
    for (const { path, content_state } of refused) {
      this.#listener.message(`${one.name}: the board does not show ${path} (${content_state}).`)
    }
    return isWhole
  }

  #refused(key: string, one: Outgoing, error: BoardRefused): boolean {
    if (error.isOfBoard) {
      const kept = 'Nothing is lost: what is left is sent when this command runs again.'
      throw new Failure(`${error.message} ${kept}`, { cause: error })
    }
    if (!error.isPassing) {
      this.#answered()
      one.isRefused = true
      this.#listener.message(`The board does not take ${one.name}: ${error.message}`)
      this.#listener.onState(key, 'refused', error.code)
      return true
    }
    this.#pause = Math.min(LONGEST_PAUSE, error.wait ?? Math.max(PACE.round, 2 * this.#pause))
    // A board that only asks to wait is not away.
    if (error.code === 'too_fast') return false
    if (!this.#isAway) {
      this.#listener.message(`${error.message} Nothing is lost: what is left is sent later.`)
    }
    this.#isAway = true
    return false
  }

  #answered(): void {
    if (this.#isAway) this.#listener.message('The board is back. Sending continues.')
    this.#isAway = false
    this.#pause = 0
  }
}

function sizeOf({ path, bytes }: SentFile): number {
  return bytes ?? statIfSeen(path)?.size ?? 0
}

/** A text that changes when a journal changes. */
function stateOf(file: SentFile): string {
  const { path, bytes, scores } = file
  const seen = bytes === undefined ? statIfSeen(path) : undefined
  return `${path} ${bytes ?? ''} ${seen?.ino ?? ''} ${seen?.mtimeMs ?? ''} ${seen?.size ?? ''} ${scores?.() ?? ''}`
}
