import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'
import { readPairs } from './textLines.ts'
import type { LastCount } from './uncountedLines.ts'

/** Training by epochs: `Epoch(train)  [2][ 50/100]  lr: …  loss: …`, in mmcv 1 `Epoch [2][50/100]`. */
const EPOCH = /^Epoch(?:\(train\))? +\[(\d{1,9})\]\[ *(\d{1,9})\/(\d{1,9})\]\s+(.*)$/
/** Training by steps: `Iter(train) [ 500/16000]`, in mmcv 1 `Iter [500/16000]`. */
const STEP = /^Iter(?:\(train\))? +\[ *(\d{1,12})\/(\d{1,12})\]\s+(.*)$/
/** An evaluation: `Epoch(val) [2][50/50]`. The counts after the epoch are batches of the evaluation. */
const EVALUATION = /^(?:Epoch\(val\) +\[(\d{1,9})\]|Iter\(val\) +)\[ *\d+(?:\/\d+)?\]\s+(.*)$/

/** Reads a line of mmengine or mmcv 1; undefined for any other line. */
export function readOpenMmLine(text: string, last: LastCount): LogRecord | undefined {
  const evaluated = EVALUATION.exec(text)
  if (evaluated) {
    const [, epoch, words = ''] = evaluated
    if (last.step === null && epoch === undefined) return undefined
    const kinds = splitByKind(readPairs(words), 'unnamed')
    const at = { step: last.step, epoch: epoch === undefined ? null : Number(epoch) }
    return Object.keys(kinds.evaluation).length > 0
      ? { ...EMPTY_RECORD, ...at, ...kinds }
      : undefined
  }
  const [, epoch, batch, batches, ofEpoch] = EPOCH.exec(text) ?? []
  if (epoch !== undefined) {
    const step = (Number(epoch) - 1) * Number(batches) + Number(batch)
    return trained(step, null, ofEpoch)
  }
  const [, step, total, ofStep] = STEP.exec(text) ?? []
  return step === undefined ? undefined : trained(Number(step), Number(total), ofStep)
}

function trained(step: number, total_steps: number | null, words = ''): LogRecord | undefined {
  const kinds = splitByKind(readPairs(words))
  const isAny = Object.keys(kinds.metrics).length > 0
  return isAny ? { ...EMPTY_RECORD, step, total_steps, ...kinds } : undefined
}
