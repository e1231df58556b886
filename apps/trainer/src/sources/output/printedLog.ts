import type { Found } from '@bestmark/core'
import type { Listing } from '../../files/listing.ts'
import { detectLog, type LogFile, logRank } from '../logs/logFile.ts'
import { axisOf, LOG_FORMAT, type LogState } from '../logs/logs.ts'
import type { FileLine } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import { readOutputLine } from './outputLines.ts'
import { findRunOutput, OUTPUT, readMark } from './runOutput.ts'

interface State extends LogState {
  /** When the program first started (ms). */
  started_at: number | null
}

/** Times of files may be a little older than the clock (ms). */
const OLDER = 1_000
/**
 * Reads the output that `bestmark run` keeps as a log, if the program writes no other log. Weights that
 * are older than the start belong to another run.
 */
export const PRINTED = lineSource<State>({
  ...LOG_FORMAT,
  name: 'printed_log',
  files: async (listing) => (await printedLogs(listing)).map(({ file }) => file),
  begin: async (listing) => {
    const logs = await printedLogs(listing)
    const kinds = Object.fromEntries(logs.map(({ file, kind }) => [file, kind]))
    const axis = axisOf(logs)
    return { ...(await LOG_FORMAT.begin(listing)), kinds, axis, started_at: null }
  },
  line: readLine,
  saved: async (listing, state, history) => {
    const since = (state.started_at ?? 0) - OLDER
    const saved = await LOG_FORMAT.saved(listing, state, history)
    return saved.filter(({ mtime }) => mtime >= since)
  },
})

function readLine(state: State, line: FileLine): Found[] {
  const mark = readMark(line.text)
  if (!mark) return LOG_FORMAT.line(state, line)
  // A further start is a new attempt, also if its steps continue.
  if (mark.word === 'started' && state.started_at !== null) state.restarted_from = state.step
  state.started_at ??= mark.at
  return []
}

/** The more detailed of the two output files; none if its lines are from a supported program. */
async function printedLogs(listing: Listing): Promise<LogFile[]> {
  const found: LogFile[] = []
  for (const file of (await findRunOutput(listing)).reverse()) {
    const text = await listing.head(file)
    if (text.split('\n').some((line) => readOutputLine(line.trim()))) return []
    const seen = detectLog(text, OUTPUT)
    if (seen && seen.kind !== 'table') found.push({ file, ...seen })
  }
  return found.sort((a, b) => logRank(b) - logRank(a)).slice(0, 1)
}
