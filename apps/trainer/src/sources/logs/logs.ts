import { stripVTControlCharacters } from 'node:util'
import { ownValue, setOwn } from '@bestmark/core'
import { readConfigurations } from '../config/configuration.ts'
import { declared } from '../config/declaration.ts'
import type { Found } from '../../journal/gate.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Listing } from '../../files/folder.ts'
import { type FileLine, type Format, lineSource } from '../reader/lineSource.ts'
import { namedValues } from '../weights/tableBase.ts'
import type { History } from '../weights/history.ts'
import { savedWeights } from '../weights/saved.ts'
import { type Counts, measured, noCounts } from './counts.ts'
import { jsonReading } from './jsonLines.ts'
import { type LogFile, logFiles, type LogKind } from './logFile.ts'
import type { LogReading } from './reading.ts'
import { lineReading, noSection, type Section } from './sections.ts'
import { bySplitOf } from './splitFile.ts'
import { type Head, headIn, rowReading } from './table.ts'

/** What is known of a log so far. */
export interface LogState extends Counts {
  kinds: Record<string, LogKind>
  heads: Record<string, Head>
  section: Section
}

/** How tables, lines of JSON and lines of words are read in which any program tells of its steps or epochs. */
export const LOG_FORMAT = {
  name: 'logs',
  files: async (listing: Listing) => (await logFiles(listing)).map(({ file }) => file),
  begin: async (listing: Listing): Promise<LogState> => {
    const files = await logFiles(listing)
    const kinds = Object.fromEntries(files.map(({ file, kind }) => [file, kind]))
    const counts = noCounts(await namedValues(listing), axisOf(files))
    return { ...counts, kinds, heads: {}, section: noSection() }
  },
  line: tell,
  started: async (listing: Listing) => {
    const { fields, totals, warnings } = declared(await readConfigurations(listing.root))
    return { told: { ...fields, ...totals }, warnings }
  },
  saved,
  infers: true,
} satisfies Format<LogState>

/** The logs that any program writes. */
export const LOGS = lineSource<LogState>(LOG_FORMAT)

/** What files are known to count before they are read. */
export function axisOf(files: readonly LogFile[]): Counts['axis'] {
  return files.some(({ isWithinEpoch }) => isWithinEpoch) ? 'epochs' : null
}

/** Weights joined to what a log counts and names. */
export async function saved(
  listing: Listing,
  state: Counts,
  history: History,
): Promise<SavedFile[]> {
  const { fields, totals } = declared(await readConfigurations(listing.root))
  const { total_epochs } = totals
  const axis = { isEpochs: state.axis === 'epochs', shift: state.shift }
  Object.assign(history, { saves: state.saves, best_of: state.best_of })
  return savedWeights(listing, history, axis, { metric: fields.metric_for_best, total_epochs })
}

function tell(state: LogState, { text, line, file }: FileLine): Found[] {
  const kind = ownValue(state.kinds, file) ?? 'text'
  return text.split('\r').flatMap((part) => {
    const found = readingIn(state, kind, { file, line, text: part })
    const reading = found && kind !== 'text' ? bySplitOf(file, found) : found
    return reading ? measured(state, reading, { file, line }) : []
  })
}

function readingIn(
  state: LogState,
  kind: LogKind,
  { file, line, text }: FileLine,
): LogReading | undefined {
  if (kind === 'json') return jsonReading(text)
  if (kind === 'text') {
    return lineReading(state.section, stripVTControlCharacters(text))
  }
  const head = line === 1 || !ownValue(state.heads, file) ? headIn(text) : undefined
  if (head) setOwn(state.heads, file, head)
  const known = ownValue(state.heads, file)
  return head || !known ? undefined : rowReading(text, known)
}
