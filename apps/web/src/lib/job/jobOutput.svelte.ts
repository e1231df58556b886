import { api, type LogLine } from '../api.ts'
import { Reread } from '../watch/reread.svelte.ts'
import type { Level } from '../view/tabAddress.ts'

/** How many lines are read at once. */
const PAGE = 200
/** The most lines on the page; lines farther away are read again when scrolled to. */
const MOST = 1_000

export interface OutputFilter {
  level: Level | null
  text: string
}

/** The procedures that read the output of a job. */
interface Board {
  logs: { query(...call: Parameters<Logs>): Promise<Awaited<ReturnType<Logs>>> }
  lastTraceback: { query(input: { job_id: string }): Promise<{ ordinal: number | null }> }
}

type Logs = typeof api.jobs.logs.query

/** A range of ordinals, without its ends, and the end from which lines are taken. */
interface Range {
  before?: number
  after?: number
  order?: 'oldest'
  limit?: number
}

/** The part of a run's output that is on the page: a window of the log that moves with scrolling. */
export class JobOutput {
  /** Oldest first. */
  lines = $state.raw<LogLine[]>([])
  /** The stored lines have the ordinals from `first` to before `end`. */
  first = $state.raw(0)
  end = $state.raw(0)
  /** Where to read before and after the window; null if there are no such lines. */
  older = $state.raw<number | null>(null)
  newer = $state.raw<number | null>(null)
  isRead = $state(false)
  /** The line to bring into view. */
  sought = $state<number | null>(null)
  /** The line that was jumped to. */
  marked = $state<number | null>(null)
  readonly #job_id: string
  readonly #filter: () => OutputFilter
  readonly #board: Board
  readonly #newest = new Reread(async () => {
    const take = await this.#ofThisWindow(() => this.#readOn())
    take?.()
  })
  /** It is aborted when another window begins: reads for the earlier one are cancelled and ignored. */
  #window = new AbortController()
  #isPaging = false

  constructor(job_id: string, filter: () => OutputFilter, board: Board = api.jobs) {
    this.#job_id = job_id
    this.#filter = filter
    this.#board = board
  }

  /** Why lines could not be read; empty if the last read succeeded. */
  get problem(): string {
    return this.#newest.problem
  }

  get isFiltered(): boolean {
    const { level, text } = this.#filter()
    return level !== null || text !== ''
  }

  /** How many stored lines lie before and after the window, if it shows all lines. */
  get hidden(): { before: number; after: number } {
    const [first, last] = [this.lines[0], this.lines.at(-1)]
    if (this.isFiltered || !first || !last) return { before: 0, after: 0 }
    const after = Math.max(0, this.end - last.ordinal - 1)
    return { before: Math.max(0, first.ordinal - this.first), after }
  }

  /** Reads what is new. */
  ask = (): void => this.#newest.ask()

  /** Cancels what is being read, and the next try. */
  stop(): void {
    this.#window.abort()
    this.#newest.stop()
  }

  /** Shows the newest lines that match the filter, and follows them. */
  begin(): void {
    this.#beginWindow()
    const none = { lines: [], older: null, newer: null, sought: null, marked: null }
    Object.assign(this, { ...none, isRead: false })
    this.#newest.ask()
  }

  readOlder(): Promise<void> {
    const { older } = this
    if (older === null) return Promise.resolve()
    return this.#page(async () => {
      const page = await this.#read({ before: older })
      return () => {
        const lines = [...page.lines, ...this.lines]
        if (lines.length > MOST) this.newer = lines[MOST - 1]?.ordinal ?? null
        Object.assign(this, { lines: lines.slice(0, MOST), older: page.older })
      }
    })
  }

  readNewer(): Promise<void> {
    const { newer } = this
    if (newer === null) return Promise.resolve()
    return this.#page(async () => {
      const page = await this.#read({ after: newer, order: 'oldest' })
      return () => {
        this.newer = page.newer
        this.#append(page.lines)
      }
    })
  }

  /** Jumps to the last traceback, or to the last error; false if there is neither. */
  async toLastTraceback(): Promise<boolean> {
    const { ordinal } = await this.#board.lastTraceback.query({ job_id: this.#job_id })
    if (ordinal !== null) await this.showAround(ordinal, true)
    return ordinal !== null
  }

  /** Shows a line with the lines around it. The filter must be empty. */
  async showAround(ordinal: number, isMarked: boolean): Promise<void> {
    this.#beginWindow()
    const read = await this.#ofThisWindow(() =>
      Promise.all([
        this.#read({ before: ordinal + 1 }),
        this.#read({ after: ordinal, order: 'oldest' }),
      ]),
    )
    if (!read) return
    const [before, after] = read
    // An answer to `ask` that is still on its way belongs to the earlier lines.
    this.#beginWindow()
    const { older } = before
    const lines = [...before.lines, ...after.lines]
    const sought = Math.min(Math.max(ordinal, lines[0]?.ordinal ?? 0), after.end - 1)
    this.#take(after)
    Object.assign(this, { lines, older, newer: after.newer, isRead: true, sought })
    this.marked = isMarked ? ordinal : null
    this.ask()
  }

  #beginWindow(): void {
    this.#window.abort()
    this.#window = new AbortController()
  }

  /** What was read; undefined if another window has begun since. */
  async #ofThisWindow<T>(read: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#window
    try {
      const answer = await read()
      return signal.aborted ? undefined : answer
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  /** Reads one page at a time. */
  async #page(read: () => Promise<() => void>): Promise<void> {
    if (this.#isPaging) return
    this.#isPaging = true
    try {
      const take = await this.#ofThisWindow(read)
      take?.()
    } finally {
      this.#isPaging = false
    }
  }

  /** Adds the lines after the window; a log that began again, or ran ahead, is shown from its end. */
  async #readOn(): Promise<() => void> {
    if (this.newer !== null) {
      const extent = await this.#read({ limit: 1 })
      return () => this.#take(extent)
    }
    const last = this.lines.at(-1)
    const page = await this.#read(last ? { after: last.ordinal - 1 } : {})
    const [first, ...rest] = page.lines
    const goesOn = last !== undefined && first?.ordinal === last.ordinal && first.text === last.text
    const newest = goesOn || last === undefined ? page : await this.#read({})
    return () => {
      this.#take(newest)
      if (goesOn) this.#append(rest)
      else Object.assign(this, { lines: newest.lines, older: newest.older, isRead: true })
    }
  }

  #take({ first, end }: { first: number; end: number }): void {
    Object.assign(this, { first, end })
  }

  #append(lines: readonly LogLine[]): void {
    if (lines.length === 0) return
    const all = [...this.lines, ...lines]
    this.lines = all.slice(-MOST)
    if (all.length > MOST) this.older = this.lines[0]?.ordinal ?? null
  }

  #read(range: Range) {
    const { level, text } = this.#filter()
    const filter = { ...(level && { level }), ...(text && { search: text }) }
    const { signal } = this.#window
    const input = { job_id: this.#job_id, ...filter, limit: PAGE, ...range }
    return this.#board.logs.query(input, { signal })
  }
}
