import { api, type LogLine } from '../api.ts'
import { Reread } from '../watch/reread.svelte.ts'
import type { Level } from '../view/tabAddress.ts'

/** Lines that are read at once. */
const PAGE = 500
/** The most lines on the page; what is farther away is read again when it is scrolled to. */
const MOST = 5_000
/** Lines that are shown after one that is jumped to. */
const AFTER = 50
const TRACEBACK = 'Traceback (most recent call last)'

export interface OutputFilter {
  level: Level | null
  text: string
}

/** What a run printed, as far as it is on the page: a window of the log that grows as it is scrolled. */
export class JobOutput {
  /** Oldest first. */
  lines = $state.raw<LogLine[]>([])
  /** What is read next before the window; null where the window has the first line. */
  older = $state.raw<number | null>(null)
  /** Whether there are lines after the window. */
  hasNewer = $state(false)
  isRead = $state(false)
  /** The line that was jumped to. */
  marked = $state<number | null>(null)
  readonly #job_id: string
  readonly #filter: () => OutputFilter
  readonly #newest = new Reread(() => this.#readOn())
  /** Counts the windows, so that an answer for an earlier one is dropped. */
  #window = 0
  #isPaging = false

  constructor(job_id: string, filter: () => OutputFilter) {
    this.#job_id = job_id
    this.#filter = filter
  }

  /** Why lines could not be read; empty while they were. */
  get problem(): string {
    return this.#newest.problem
  }

  /** Reads the newest lines, where they are not hidden by a window that lies before them. */
  ask = (): void => {
    if (!this.hasNewer) this.#newest.ask()
  }

  /** Forgets a retry that waits. */
  stop(): void {
    this.#newest.stop()
  }

  /** Shows the newest lines that match the filter. */
  begin(): void {
    this.#window += 1
    Object.assign(this, { lines: [], older: null, hasNewer: false, isRead: false, marked: null })
    this.#newest.ask()
  }

  readOlder(): Promise<void> {
    const { older } = this
    if (older === null) return Promise.resolve()
    return this.#page(async () => {
      const page = await this.#read({ before: older })
      return () => {
        const lines = [...page.lines, ...this.lines]
        this.hasNewer ||= lines.length > MOST
        Object.assign(this, { lines: lines.slice(0, MOST), older: page.older })
      }
    })
  }

  /** Reads on after a window in the middle of an unfiltered log, whose ordinals have no gaps. */
  readNewer(): Promise<void> {
    const last = this.lines.at(-1)?.ordinal
    if (!this.hasNewer || last === undefined) return Promise.resolve()
    return this.#page(async () => {
      let span = PAGE
      let page = await this.#read({ after: last, before: last + 1 + span })
      // Long lines make a page short: the newest of the span, with a gap before them.
      while (page.older !== null && span > 1) {
        span = Math.floor(span / 2)
        page = await this.#read({ after: last, before: last + 1 + span })
      }
      return () => {
        this.hasNewer = page.lines.length === span
        this.#append(page.lines)
      }
    })
  }

  /** Jumps to the last traceback, or to the last error; false where there is neither. */
  async toLastTraceback(): Promise<boolean> {
    const job = { job_id: this.#job_id, limit: 1 }
    const found = await Promise.all([
      api.jobs.logs.query({ ...job, search: TRACEBACK }),
      api.jobs.logs.query({ ...job, level: 'error' }),
    ])
    const ordinals = found.flatMap(({ lines }) => lines.map(({ ordinal }) => ordinal))
    if (ordinals.length === 0) return false
    await this.showAround(Math.max(...ordinals))
    return true
  }

  /** Shows a line among those around it. The filter must be empty. */
  async showAround(ordinal: number): Promise<void> {
    this.#window += 1
    const window = this.#window
    const page = await this.#read({ before: ordinal + 1 + AFTER })
    if (window !== this.#window) return
    const hasNewer = page.lines.at(-1)?.ordinal === ordinal + AFTER
    Object.assign(this, { ...page, hasNewer, isRead: true, marked: ordinal })
  }

  /** One page at a time; what was read for another window is dropped. */
  async #page(read: () => Promise<() => void>): Promise<void> {
    if (this.#isPaging) return
    this.#isPaging = true
    const window = this.#window
    try {
      const take = await read()
      if (window === this.#window) take()
    } finally {
      this.#isPaging = false
    }
  }

  /** Adds what came after the window; a log that began again, or ran ahead, is shown from its end. */
  async #readOn(): Promise<void> {
    const window = this.#window
    const last = this.lines.at(-1)
    const page = await this.#read(last ? { after: last.ordinal - 1 } : {})
    const [first, ...rest] = page.lines
    const goesOn = last !== undefined && first?.ordinal === last.ordinal && first.text === last.text
    const newest = goesOn || last === undefined ? page : await this.#read({})
    if (window !== this.#window) return
    if (goesOn) this.#append(rest)
    else Object.assign(this, { ...newest, isRead: true })
  }

  #append(lines: readonly LogLine[]): void {
    if (lines.length === 0) return
    const all = [...this.lines, ...lines]
    this.lines = all.slice(-MOST)
    if (all.length > MOST) this.older = this.lines[0]?.ordinal ?? null
  }

  #read(range: { before?: number; after?: number }) {
    const { level, text } = this.#filter()
    const filter = { ...(level && { level }), ...(text && { search: text }) }
    return api.jobs.logs.query({ job_id: this.#job_id, ...filter, ...range, limit: PAGE })
  }
}
