import { numberIn } from '../../files/csv.ts'
import { EMPTY_RECORD, type LogRecord, splitByKind } from './logRecord.ts'

/** `Train: 1 [   4/5 (100%)]  Loss: 0.851 (0.727)  …`: the mean of the epoch so far is in parentheses. */
const TRAIN = /^Train: (\d{1,9}) \[ *\d+\/\d+ \((?: *)(\d+)%\)\] +Loss: *\S+ \( *([^)]+)\)/
/** `Test: [   3/3]  Time: …  Loss:   0.415 ( 0.333)  Acc@1:  75.000 ( 87.500)  …`. */
const TEST = /^Test(?: \((EMA)\))?: \[ *(\d+)\/(\d+)\] .*?(?=Loss:)(.*)$/
const MEAN = /(Loss|Acc@1|Acc@5): *\S+ \( *([^)]+)\)/g
/** Names in timm's table. */
const NAMES = new Map([
  ['Loss', 'loss'],
  ['Acc@1', 'top1'],
  ['Acc@5', 'top5'],
])

/** The last line names an earlier epoch. */
const BEST = /^\*\*\* Best metric: /

/** Whether a line repeats the best value of the training, so it is not of its epoch. */
export function isTimmBest(text: string): boolean {
  return BEST.test(text)
}

/** Reads timm's line at the end of an epoch or of its evaluation; undefined for any other line. */
export function readTimmLine(text: string, epoch: number | null): LogRecord | undefined {
  const [, trained, percent, loss] = TRAIN.exec(text) ?? []
  const value = percent === '100' ? numberIn(loss) : undefined
  if (trained !== undefined && value !== undefined) {
    return { ...EMPTY_RECORD, epoch: Number(trained), ...splitByKind([['loss', value]]) }
  }
  const [, averaged, batch, last, values = ''] = TEST.exec(text) ?? []
  if (batch === undefined || batch !== last || epoch === null) return undefined
  const split = averaged === undefined ? 'eval' : 'eval_ema'
  const pairs = [...values.matchAll(MEAN)].flatMap(([, name = '', mean]): [string, number][] => {
    const value = numberIn(mean)
    return value === undefined ? [] : [[`${split}_${NAMES.get(name) ?? name}`, value]]
  })
  return pairs.length === 0 ? undefined : { ...EMPTY_RECORD, epoch, ...splitByKind(pairs) }
}
