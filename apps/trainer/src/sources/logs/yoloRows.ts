import { cellNumber } from '../../files/csv.ts'
import { fitnessOf } from '../weights/fitness.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'

/**
 * A row of `results.txt` of YOLOv5 before 6.0, YOLOv7 and their relatives, which has no head: epoch,
 * memory, training losses, labels and image size, then the results of the validation.
 */
const ROW = /^(\d{1,9})\/(\d{1,9}) +[\d.]+G((?: +(?:[-+\d.e]+|nan|inf)){13})$/i
const COLUMNS = [
  ...['train/box_loss', 'train/obj_loss', 'train/cls_loss', 'train/loss', 'labels', 'img_size'],
  ...['metrics/precision', 'metrics/recall', 'metrics/mAP_0.5', 'metrics/mAP_0.5:0.95'],
  ...['val/box_loss', 'val/obj_loss', 'val/cls_loss'],
]
const UNUSED = new Set(['labels', 'img_size'])
/** YOLOv3 has the F1 in place of the mAP over several IoUs. */
const F1 = 1e-3

/** Reads a row; undefined for any other line. Its epochs count from 0. */
export function readYoloRow(text: string): LogRecord | undefined {
  const [, epoch, last, cells] = ROW.exec(text) ?? []
  if (epoch === undefined || cells === undefined) return undefined
  const values = cells
    .trim()
    .split(/ +/)
    .map((cell) => cellNumber(cell) ?? NaN)
  const [precision = NaN, recall = NaN, , fourth = NaN] = values.slice(6)
  const isF1 = Math.abs(fourth - (2 * precision * recall) / (precision + recall)) < F1
  const pairs = COLUMNS.flatMap((name, index): [string, number][] => {
    const shown = isF1 && name === 'metrics/mAP_0.5:0.95' ? 'metrics/F1' : name
    return UNUSED.has(name) ? [] : [[shown, values[index] ?? NaN]]
  })
  const { metrics, evaluation } = splitByKind(pairs)
  const fitness = fitnessOf(evaluation, 'weighted')
  const counts = {
    epoch: Number(epoch),
    total_epochs: Number(last) + 1,
    is_from_zero: true as const,
  }
  const measured = fitness === undefined ? evaluation : { fitness, ...evaluation }
  return { ...EMPTY_RECORD, ...counts, metrics, evaluation: measured }
}
