import { parsePythonJson } from '@bestmark/core'

/** The Trainer indents by 2. A string has no line break, so these are never inside one. */
const [BEFORE, AFTER, ROW_END] = ['\n  "log_history": [', '\n  ]', '\n    }']

/** The log of one state file: its text, its rows, and where each row ends in the text. */
interface Log {
  text: string
  rows: readonly unknown[]
  ends: readonly number[]
}

/**
 * Parses state files of one run. Each save repeats the log so far, so a log that is the start of
 * another one is not parsed again: it gets the first rows of that one. Give the longest file first.
 */
export class ParsedLogs {
  #longest: Log | null = null

  /** What `parsePythonJson` gives. Throws SyntaxError. */
  parse(text: string): unknown {
    const part = logPart(text)
    const rows = part && this.#rowsOf(part.log)
    if (!part || !rows) return this.#parseWhole(text, part?.log)
    const state = parsePythonJson(part.others)
    return hasLog(state) ? { ...state, log_history: rows } : state
  }

  #parseWhole(text: string, log: string | undefined): unknown {
    const state = parsePythonJson(text)
    if (log === undefined || !hasLog(state)) return state
    const [rows, ends] = [state.log_history, rowEnds(log)]
    const isLonger = log.length > (this.#longest?.text.length ?? 0)
    if (isLonger && ends.length === rows.length) this.#longest = { text: log, rows, ends }
    return state
  }

  #rowsOf(log: string): readonly unknown[] | null {
    const longest = this.#longest
    if (!longest?.text.startsWith(log)) return null
    const last = longest.ends.indexOf(log.length)
    return last === -1 ? null : longest.rows.slice(0, last + 1)
  }
}

function hasLog(state: unknown): state is { log_history: unknown[] } {
  return (
    typeof state === 'object' &&
    state !== null &&
    'log_history' in state &&
    Array.isArray(state.log_history)
  )
}

/** The text of the rows, and that of the file without them; null if the file is written otherwise. */
function logPart(text: string): { log: string; others: string } | null {
  const before = text.indexOf(BEFORE)
  if (before === -1 || before !== text.lastIndexOf(BEFORE)) return null
  const from = before + BEFORE.length
  const to = text.indexOf(AFTER, from)
  if (to === -1) return null
  return { log: text.slice(from, to), others: text.slice(0, from) + text.slice(to) }
}

function rowEnds(log: string): number[] {
  const ends: number[] = []
  for (let at = log.indexOf(ROW_END); at !== -1; at = log.indexOf(ROW_END, at + 1)) {
    ends.push(at + ROW_END.length)
  }
  return ends
}
