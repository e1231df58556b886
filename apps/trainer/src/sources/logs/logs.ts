import { stripVTControlCharacters } from 'node:util'
import { ownValue, setOwn, type Found } from '@bestmark/core'
import { readConfigurations } from '../config/configuration.ts'
import { readDeclaration } from '../config/declaration.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import type { Listing } from '../../files/listing.ts'
import type { FileLine, Format } from '../reader/format.ts'
import { lineSource } from '../reader/lineSource.ts'
import { customMetric } from '../weights/inferredMetric.ts'
import { numberedValues } from '../weights/tableBase.ts'
import type { LogHistory } from '../weights/logHistory.ts'
import { findSavedWeights } from '../weights/savedWeights.ts'
import { type Counts, recordEvents, emptyCounts } from './counts.ts'
import { readJsonLine } from './jsonLines.ts'
import { type LogFile, findLogFiles } from './logFile.ts'
import type { LogKind, LogRecord } from './logRecord.ts'
import { emptySection, endSection, readTextLines, type Section } from './sections.ts'
import { applyFileSplit, applyTextSplit } from './splitFile.ts'
import { type Head, readTableHead, readTableRow } from './table.ts'

/** The state of reading a log. */
export interface LogState extends Counts {
  kinds: Record<string, LogKind>
  heads: Record<string, Head>
  section: Section
}

/** Reads tables, JSON lines and text lines with steps or epochs, of any program. */
export const LOG_FORMAT = {
  name: 'logs',
  files: async (listing: Listing) => (await findLogFiles(listing)).map(({ file }) => file),
  begin: async (listing: Listing): Promise<LogState> => {
    const files = await findLogFiles(listing)
    const kinds = Object.fromEntries(files.map(({ file, kind }) => [file, kind]))
    const counts = emptyCounts(await numberedValues(listing), axisOf(files))
    return { ...counts, kinds, heads: {}, section: emptySection() }
  },
  line: readLine,
  hasBars: (state, file) => (ownValue(state.kinds, file) ?? 'text') === 'text',
  endOfInput,
  started: async (listing: Listing) => {
    const { fields, totals, warnings } = readDeclaration(await readConfigurations(listing.root))
    return { fields: { ...fields, ...totals }, warnings }
  },
  saved,
  infers: true,
} satisfies Format<LogState>

/** The source for logs of any program. */
export const LOGS = lineSource<LogState>(LOG_FORMAT)

/** What the log counts, as far as it is clear before reading. */
export function axisOf(files: readonly LogFile[]): Counts['axis'] {
  return files.some(({ isWithinEpoch }) => isWithinEpoch) ? 'epochs' : null
}

/** The weights of a run, joined to its log. */
export async function saved(
  listing: Listing,
  state: Counts,
  history: LogHistory,
): Promise<SavedFile[]> {
  const { fields, totals } = readDeclaration(await readConfigurations(listing.root))
  const { total_epochs } = totals
  const axis = { isEpochs: state.axis === 'epochs', shift: state.shift }
  const { saves, best_of, best_step, epochs_from_zero } = state
  Object.assign(history, { saves, best_of, best_step, epochs_from_zero: epochs_from_zero === true })
  // If the program's rule is known, its best weights follow this rule.
  const metric = fields.metric_for_best ?? customMetric(history)
  return findSavedWeights(listing, history, axis, { metric, total_epochs })
}

function readLine(state: LogState, { text, line, file }: FileLine): Found[] {
  const kind = ownValue(state.kinds, file) ?? 'text'
  const origin = { file, line }
  if (kind === 'text') {
    const found = readTextLines(state.section, text)
    return found.flatMap((one) => recordEvents(state, applyTextSplit(file, one), origin))
  }
  const files = Object.keys(state.kinds)
  return text.split('\r').flatMap((part) => {
    const found = readRecord(state, kind, { file, line, text: part })
    return found ? recordEvents(state, applyFileSplit(file, found, files), origin) : []
  })
}

/** The training values of the last epoch on a progress bar. */
function endOfInput(state: LogState, isOver: boolean): Found[] {
  const [file] = Object.keys(state.kinds)
  const found = isOver && file !== undefined ? endSection(state.section) : []
  return found.flatMap((one) => recordEvents(state, one, { file: file ?? '', line: null }))
}

function readRecord(
  state: LogState,
  kind: Exclude<LogKind, 'text'>,
  { file, text: written }: FileLine,
): LogRecord | undefined {
  if (kind === 'json') return readJsonLine(written)
  const text = stripVTControlCharacters(written)
  // A resumed run may write its head again, with other columns.
  const head = readTableHead(text)
  if (head) setOwn(state.heads, file, head)
  const current = ownValue(state.heads, file)
  return head || !current ? undefined : readTableRow(text, current)
}
