import { join } from 'node:path'
import { statIfSeen } from '../../files/runFile.ts'
import type { Listing } from '../../files/listing.ts'
import type { Part } from '../reader/part.ts'
import { type LogSpan, readLogSpan } from './logSpan.ts'
import type { LogKind } from './logRecord.ts'
import { withoutSplit } from './splitFile.ts'

/** The relation of a log to an earlier one in the same folder. */
type Relation = 'continues' | 'separate' | 'other'

/** Each process of a parallel training may write a log. */
const PROCESS = /(rank|worker|gpu|node|proc|process|local)[-_]?\d/i
/** Two logs of one program print a value with other decimals. */
const SAME = 1e-3
const MOST_DIFFERENT = 0.2

/** A log, or the logs of the splits of one training. */
interface Unit {
  files: string[]
  span: LogSpan | undefined
}

/**
 * Groups logs of one form in a folder by training, the first one first. A log continues a training if
 * it begins where another one has been, or if it starts a shorter one again. It is a separate training
 * if it begins at the start with other options, or if both are of equal length.
 */
export async function groupLogs(
  listing: Listing,
  files: readonly string[],
  kind: LogKind,
): Promise<Part[]> {
  if (files.length < 2) return files.length === 0 ? [] : [partOf([...files])]
  const ofTraining = withoutLater(await writtenLogs(listing, files, kind))
  const ofOnes = Map.groupBy(ofTraining, ({ file }) => withoutSplit(file)).values()
  const units = [...ofOnes].map((ofOne): Unit => {
    return { files: ofOne.map(({ file }) => file), span: ofOne[0]?.span }
  })
  units.sort((a, b) => (a.span?.first ?? 0) - (b.span?.first ?? 0) || byName(a, b))
  const groups: Unit[][] = []
  for (const unit of units) {
    const related = groups.map((group) => ({ group, relation: relationTo(group, unit) }))
    const open = related.find(({ relation }) => relation === 'continues')
    if (open) open.group.push(unit)
    else if (related.every(({ relation }) => relation === 'separate')) groups.push([unit])
  }
  return groups.map((group) => partOf(group.flatMap((unit) => unit.files)))
}

/** A log, what it shows of its training, and when it was last written (ms). */
interface WrittenLog {
  file: string
  span: LogSpan | undefined
  written: number
}

function writtenLogs(
  listing: Listing,
  files: readonly string[],
  kind: LogKind,
): Promise<WrittenLog[]> {
  return Promise.all(
    files.map(async (file) => {
      const span = await readLogSpan(listing, file, kind)
      return { file, span, written: statIfSeen(join(listing.root, file))?.mtimeMs ?? 0 }
    }),
  )
}

/**
 * Leaves out logs of later processes that only evaluated, and call this epoch 0: a training whose log
 * began after 0 had ended before.
 */
function withoutLater(logs: readonly WrittenLog[]): readonly WrittenLog[] {
  const ended = logs.filter(({ span }) => span && span.first > 0).map(({ written }) => written)
  const isLater = ({ span, written }: WrittenLog): boolean =>
    span?.isEvaluation === true && span.last === 0 && written > Math.max(...ended)
  return ended.length === 0 ? logs : logs.filter((log) => !isLater(log))
}

/** The training of some logs, named after the first one. */
export function partOf(files: string[]): Part {
  const [first = ''] = files
  return { label: first.replace(/\.\w+(\.gz)?$/, '').replaceAll('/', '-'), files }
}

function byName(a: Unit, b: Unit): number {
  return (a.files[0] ?? '').localeCompare(b.files[0] ?? '', 'en', { numeric: true })
}

function relationTo(group: readonly Unit[], { files, span }: Unit): Relation {
  const before = group.at(-1)
  const [earlier = '', later = ''] = [before?.files[0], files[0]]
  const isNumbered = earlier.replace(/\d+/g, '#') === later.replace(/\d+/g, '#')
  const usual = isNumbered ? 'continues' : 'other'
  if (!before?.span || !span || PROCESS.test(later)) return usual
  if (isBeside(before.span, span)) return 'continues'
  if (!isAlike(before.span, span)) return usual
  // A deterministic training that was resumed repeats its values, and then continues.
  if (span.last <= before.span.last && isCopy(before.span, span)) return usual
  if (span.first > before.span.second) return 'continues'
  const [one, other] = [before.span.options, span.options]
  if (one !== '' && other !== '' && one !== other) return 'separate'
  // A training that reached its end is not started again.
  if (before.span.last === span.last) return 'separate'
  return isNumbered || (one !== '' && one === other) ? 'continues' : 'separate'
}

/** Whether two logs have other metrics of the same evaluations, such as a file per metric. */
function isBeside(one: LogSpan, other: LogSpan): boolean {
  const isDisjoint = [...other.names].every((name) => !one.names.has(name))
  const isSame = one.first === other.first && one.isEvaluation && other.isEvaluation
  return isDisjoint && isSame
}

/** Whether two logs have the same metrics. */
function isAlike({ names: one }: LogSpan, { names: other }: LogSpan): boolean {
  const common = [...other].filter((name) => one.has(name)).length
  return common > 0 && 2 * common >= Math.min(one.size, other.size)
}

/** Whether two logs have the same values, as the output and the log file of one program. */
function isCopy({ values: one }: LogSpan, { values: other }: LogSpan): boolean {
  let [common, different] = [0, 0]
  for (const [key, value] of other) {
    const before = one.get(key)
    if (before === undefined) continue
    common++
    if (Math.abs(value - before) > SAME * Math.max(1, Math.abs(before))) different++
  }
  return common > 0 && different <= MOST_DIFFERENT * common
}
