import { numberIn } from '../../files/csv.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'
import { readPairs } from './textLines.ts'

/** `Train Epoch: 0 [12800/51200 (25%)] Data (t): 0.010 … Loss: 5.9 (5.95)`: counts samples of its epoch. */
const TRAIN =
  /\| INFO \| Train Epoch: (\d{1,9}) \[ *\d+\/\d+ \(\d+%\)\] Data \(t\):.* Loss: *(\S+) \(/
/** `Eval Epoch: 1 imagenet-zeroshot-val-top1: 0.21\t…`: the number of completed epochs. */
const EVALUATED = /\| INFO \| Eval Epoch: (\d{1,9}) (.*)$/
/** Numbers of an evaluation that are no metrics. */
const COUNTS = /^(epoch|num_samples)$/

/** Reads a line of open_clip, by completed epochs; undefined for any other line. */
export function readOpenClipLine(text: string): LogRecord | undefined {
  const [, begun, digits] = TRAIN.exec(text) ?? []
  const loss = numberIn(digits)
  if (begun !== undefined && loss !== undefined)
    return { ...EMPTY_RECORD, epoch: Number(begun) + 1, ...splitByKind([['loss', loss]]) }
  const [, completed, words] = EVALUATED.exec(text) ?? []
  if (completed === undefined || words === undefined) return undefined
  const pairs = readPairs(words).filter(([name]) => !COUNTS.test(name))
  const named = pairs.map(([name, value]): [string, number] => {
    return [name === 'clip_val_loss' ? 'val_loss' : name, value]
  })
  return { ...EMPTY_RECORD, epoch: Number(completed), ...splitByKind(named, 'eval') }
}
