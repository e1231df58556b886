import { api, type LogLine } from '../api.ts'
import { Reread } from '../watch/reread.svelte.ts'
import type { Level } from '../view/tabAddress.ts'

/** How many lines are read at once. */
const PAGE = 500
/** The most lines on the page; lines farther away are read again when scrolled to. */
const MOST = 5_000
/** How many lines are shown after a line that was jumped to. */
const AFTER = 50
const TRACEBACK = 'Traceback (most recent call last)'

export interface OutputFilter {
  level: Level | null
  text: string
}

/** The part of a run's output that is on the page: a window of the log that grows with scrolling. */
export class JobOutput {
  /** Oldest first. */
  lines = $state.raw<LogLine[]>([])
  /** Where to read before the window; null if the window has the first line. */
  older = $state.raw<number | null>(null)
  /** Whether there are lines after the window. */
  hasNewer = $state(false)
  isRead = $state(false)
  /** The line that was jumped to. */
  marked = $state<number | null>(null)
  readonly #job_id: string
  readonly #filter: () => OutputFilter
  readonly #newest = new Reread(() => this.#readOn())
  /** Counts the windows, so that an answer for an earlier one is ignored. */
  #window = 0
  #isPaging = false

  constructor(job_id: string, filter: () => OutputFilter) {
    this.#job_id = job_id
    this.#filter = filter
  }

  /** Why lines could not be read; empty if the last read succeeded. */
  get problem(): string {
    return this.#newest.problem
  }

  /** Reads the newest lines, unless the window shows earlier ones. */
  ask = (): void => {
    if (!this.hasNewer) this.#newest.ask()
  }

  /** Cancels the next try. */
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
      // Long lines make a page short: it has the newest lines of the span, and a gap before them.
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

  /** Jumps to the last traceback, or to the last error; false if there is neither. */
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

  /** Shows a line with the lines around it. The filter must be empty. */
  async showAround(ordinal: number): Promise<void> {
    this.#window += 1
    const window = this.#window
    const page = await this.#read({ before: ordinal + 1 + AFTER })
    if (window !== this.#window) return
    const hasNewer = page.lines.at(-1)?.ordinal === ordinal + AFTER
    Object.assign(this, { ...page, hasNewer, isRead: true, marked: ordinal })
  }

  /** Reads one page at a time; an answer for another window is ignored. */
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

  /** Adds the lines after the window; a log that began again, or ran ahead, is shown from its end. */
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
