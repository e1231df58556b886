import { numberIn } from '../../files/csv.ts'
import { EMPTY_RECORD, type LogRecord } from './logRecord.ts'
import type { LastCount } from './uncountedLines.ts'

/**
 * The summary of COCOeval, which many programs of object detection print:
 * ` Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.378`.
 */
const LINE =
  /^Average (?:Precision|Recall) +\((A[PR])\) @\[ *IoU=([\d.:]+) *\| *area= *(\w+) *\| *maxDets= *(\d+) *\] = (-?[\d.]+)$/
/** torchvision and DETR print the kind of the outputs before the summary. */
const KIND = /^IoU metric: (bbox|segm|keypoints)$/
/** The names of detectron2 for the same values. */
const AREAS = new Map([
  ['small', 's'],
  ['medium', 'm'],
  ['large', 'l'],
])

/** detectron2 repeats a summary as a table: `copypaste: Task: bbox`, a line of names, a line of values. */
const TABLE = /(?:^|: )copypaste: (?:Task: (\w+)|(\S+))$/
/** The names of the summary. */
const NAMES = /^[A-Za-z]\w*(?:-\w+)?(?:,[A-Za-z]\w*(?:-\w+)?)*$/

/** The task and the names of detectron2's table that is read. Plain data, because it is stored in the cursor. */
export interface CocoTable {
  task: string
  names: string[]
}

export function noCocoTable(): CocoTable {
  return { task: '', names: [] }
}

/** Reads a line of detectron2's table. Its values belong to the last count; undefined for any other line. */
export function readCocoTable(
  table: CocoTable,
  line: string,
  last: LastCount,
): LogRecord | undefined {
  const [, task, words] = TABLE.exec(line.trim()) ?? []
  if (task !== undefined) Object.assign(table, { task, names: [] })
  if (words === undefined || table.task === '') return undefined
  const cells = words.split(',')
  if (NAMES.test(words)) {
    table.names = cells
    return undefined
  }
  const { step, epoch } = last
  if (cells.length !== table.names.length || (step === null && epoch === null)) return undefined
  const values = table.names.flatMap((name, index): [string, number][] => {
    const value = numberIn(cells[index])
    return value === undefined ? [] : [[`${table.task}/${name}`, value]]
  })
  Object.assign(table, noCocoTable())
  return { ...EMPTY_RECORD, step, epoch, evaluation: Object.fromEntries(values) }
}

/** The kind of the outputs that a line announces. */
export function cocoKind(text: string): string | undefined {
  return KIND.exec(text)?.[1]
}

/** Reads a line of COCO's summary, which belongs to the last count; undefined for any other line. */
export function readCocoLine(text: string, kind: string, last: LastCount): LogRecord | undefined {
  const [, letters = '', iou, area = '', most, digits] = LINE.exec(text) ?? []
  const value = numberIn(digits)
  // −1 means that there is nothing to measure.
  if (value === undefined || value < 0 || (last.step === null && last.epoch === null))
    return undefined
  const part =
    area !== 'all'
      ? (AREAS.get(area) ?? area)
      : letters === 'AR'
        ? `@${most}`
        : iou?.includes(':')
          ? ''
          : String(100 * Number(iou))
  const { step, epoch, is_from_zero } = last
  return {
    ...EMPTY_RECORD,
    ...{ step, epoch, ...(is_from_zero && { is_from_zero }) },
    evaluation: { [`${kind}/${letters}${part}`]: value },
  }
}
