import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { readBytes } from '../../files/lines.ts'
import { linesOf } from '../../files/lineEnds.ts'
import type { Listing } from '../../files/listing.ts'
import { closeText, openText, sizeOfText } from '../../files/textFile.ts'
import { systemCode } from '../../failure.ts'
import { readJsonLine } from './jsonLines.ts'
import type { LogKind, LogRecord } from './logRecord.ts'
import { emptySection, readTextLines } from './sections.ts'
import { findTableHead, readTableRow } from './table.ts'
import { isWithinEpoch } from './withinEpoch.ts'

/** What the beginning and the end of a log show of its training. */
export interface LogSpan {
  /** The first, the second and the last count of the log. */
  first: number
  second: number
  last: number
  names: ReadonlySet<string>
  /** Values by count and name. */
  values: ReadonlyMap<string, number>
  /** Whether it has only held-out metrics. */
  isEvaluation: boolean
  /** The printed options, such as nanoGPT's `learning_rate = 0.001`. */
  options: string
}

/** The last record of a log is within its last bytes. */
const END = 1 << 15
const OPTION = /^\s*(?:Overriding: )?([A-Za-z_]\w*) ?[:=] ?\S.{0,200}$/
/** Options that differ between two starts of one training. */
const PER_START =
  /^(time|date|timestamp|out_dir|output_dir|log\w*|resume\w*|init_from|pid|port|start\w*|device)$/i

/** One record: its count and its values. */
interface Counted {
  count: number
  isEvaluation: boolean
  values: readonly (readonly [name: string, value: number])[]
}

/** Reads the beginning and the end of a log; undefined if they have no records. */
export async function readLogSpan(
  listing: Listing,
  file: string,
  kind: LogKind,
): Promise<LogSpan | undefined> {
  const head = linesOf(await listing.head(file))
  const records = recordsIn([...head, ...endOf(join(listing.root, file))], kind)
  const [first, ...others] = records
  if (!first) return undefined
  const last = records.at(-1) ?? first
  const found = records.flatMap(({ count, values }) =>
    values.map(([name, value]) => [`${count} ${name}`, value] as const),
  )
  return {
    first: first.count,
    second: others.find(({ count }) => count > first.count)?.count ?? first.count,
    last: last.count,
    names: new Set(records.flatMap(({ values }) => values.map(([name]) => name))),
    values: new Map(found),
    isEvaluation: records.every(({ isEvaluation }) => isEvaluation),
    options: optionsIn(head),
  }
}

function endOf(path: string): string[] {
  try {
    const file = openText(path)
    const size = sizeOfText(file)
    const from = Math.max(0, size - END)
    const text = readBytes(file, from, size - from).toString('utf8')
    closeText(file)
    return text.split('\n').slice(from === 0 ? 0 : 1)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return []
  }
}

function recordsIn(lines: readonly string[], kind: LogKind): Counted[] {
  const head = kind === 'table' ? findTableHead(lines)?.head : undefined
  const section = emptySection()
  const records = lines.flatMap((line) => {
    if (kind === 'text') return readTextLines(section, line)
    const text = stripVTControlCharacters(line)
    return (kind === 'table' ? readTableRow(text, head) : readJsonLine(text)) ?? []
  })
  const isByEpoch = isWithinEpoch(records)
  return records.flatMap((record) => countedOf(record, isByEpoch))
}

/** Steps that restart in each epoch are batches, so the epochs count. */
function countedOf({ step, epoch, metrics, evaluation }: LogRecord, isByEpoch: boolean): Counted[] {
  const count = isByEpoch ? epoch : (step ?? epoch)
  const values = Object.entries({ ...metrics, ...evaluation }).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, value] as const] : [],
  )
  const isEvaluation = Object.keys(metrics).length === 0
  return count === null ? [] : [{ count, isEvaluation, values }]
}

/** The lines before the first record that print an option. */
function optionsIn(head: readonly string[]): string {
  const section = emptySection()
  const end = head.findIndex((line) => readTextLines(section, line).length > 0)
  const lines = head.slice(0, end === -1 ? 0 : end).map((line) => line.trim())
  const options = lines.filter((line) => {
    const name = OPTION.exec(line)?.[1]
    return name !== undefined && !PER_START.test(name)
  })
  return options.sort().join('\n')
}
