import { numberIn } from '../../files/csv.ts'
import { isHeldOut, isMeasure } from '../events/names.ts'
import { splitByKind, type LogRecord, EMPTY_RECORD } from './logRecord.ts'
import { bareText, readPairs } from './textLines.ts'

/** The last line with a step or epoch. Lines without one belong to it. Plain data. */
export interface LastCount {
  step: number | null
  epoch: number | null
  /** Whether the log has validation metrics. */
  isValidated: boolean
  is_from_zero?: true
}

/** The first word of a line with only held-out metrics. */
const SPLIT = /^\W*(test|val|valid|validation|eval|evaluation|dev)(?: set| results?| metrics?)?\b/i
/** The words before the metrics: `Test set: Average loss: 0.1`, but not `Test accuracy: 0.9, loss: 0.1`. */
const HEAD = /^[^:]*:(?=\s*[^\s\d.+-].*[:=])/
/** torchvision's references and PyTorch's ImageNet example: ` * Acc@1 57.1 Acc@5 79.9`. */
const ACCURACY = /^(?:\*|Test:)\s+(?:Acc|Prec)@1:? ([\d.]+)(?:\s+(?:Acc|Prec)@5:? ([\d.]+))?/i
/** Programs from DeiT repeat the accuracy with fewer digits after that line. */
const REPEATED = /^Accuracy of the network on the \d+ test images: ([\d.]+)%$/
/** Darknet: ` mean average precision (mAP@0.50) = 0.401, or 40.10 % `. */
const MEAN_PRECISION = /^mean average precision \((mAP@[\d.]+)\) = ([\d.]+)/i
/** PaddleOCR and its relatives: `cur metric, acc: 0.6, fps: 900`. */
const CURRENT = /^cur metric, /
/** The progress of an evaluation. Its values belong to single batches. */
const BATCH = /\[\s*\d+\s*\/\s*\d+\]/
/** Words of lines about another epoch, or without metrics. */
const ELSEWHERE = /best|final|early|patience|improve|restor|load|target|threshold/i

/**
 * Reads held-out metrics of a line without a step or epoch; they belong to the last count. Test metrics
 * are ignored if the log has validation metrics: then the test is after training.
 */
export function readUncountedLine(before: LastCount, line: string): LogRecord | undefined {
  if (before.step === null && before.epoch === null) return undefined
  const text = bareText(line)
  if (before.isValidated && REPEATED.test(text)) return undefined
  if (text.length > 2000 || ELSEWHERE.test(text) || BATCH.test(text)) return undefined
  const pairs = pairsOf(text).filter(([name]) => isHeldOut(name) && isMeasure(name))
  const isTest = pairs.every(([name]) => isOfTest(name))
  if (pairs.length === 0 || (isTest && before.isValidated)) return undefined
  const { isValidated: _, ...count } = before
  before.isValidated ||= !isTest
  return { ...EMPTY_RECORD, ...count, ...splitByKind(pairs) }
}

function pairsOf(text: string): [string, number][] {
  const accuracy = ACCURACY.exec(text)
  if (accuracy) {
    const [first, fifth] = [numberIn(accuracy[1]) ?? NaN, numberIn(accuracy[2])]
    return [
      ['val_acc1', first],
      ...(fifth === undefined ? [] : [['val_acc5', fifth] as [string, number]]),
    ]
  }
  const repeated = REPEATED.exec(text)?.[1]
  if (repeated !== undefined) return [['val_acc1', numberIn(repeated) ?? NaN]]
  const precision = MEAN_PRECISION.exec(text)
  if (precision) return [[`val_${precision[1]}`, numberIn(precision[2]) ?? NaN]]
  if (CURRENT.test(text)) {
    return readPairs(text.replace(CURRENT, '')).map(([name, value]) => [`eval_${name}`, value])
  }
  const split = SPLIT.exec(text)?.[1]?.toLowerCase()
  const pairs = readPairs(split === undefined ? text : text.replace(HEAD, ''))
  return pairs.map(([name, value]) => {
    const isNamed = split === undefined || isHeldOut(name)
    return [isNamed ? name : `${split} ${name}`, value]
  })
}

/** Words with which programs say that the weights of now are the best: `saving best model`. */
const SAVES_BEST =
  /\b(sav(e|ed|ing)|updat(e|ed|ing))\b[^.]*\bbest\b|\bbest\b[^.]*\bsaved?\b|\b(de|in)creased \([^)]*-->[^)]*\)\.? +saving\b/i

/** Words of lines about weights of another time: `best model loaded`, `best model was saved at epoch 5`. */
const OF_ANOTHER = /\b(not|load\w*|restor\w*|was|(at|from|in) (iter|epoch|step)\w* \d+)\b/i

/** Whether a line says that the best weights are saved now. */
export function savesBest(line: string): boolean {
  return line.length < 300 && SAVES_BEST.test(line) && !OF_ANOTHER.test(line)
}

/** Whether a metric is one of a test set, such as chemprop's `Model 0 test rmse`. */
function isOfTest(name: string): boolean {
  return /(?:^|[^A-Za-z])test(?![A-Za-z])/i.test(name)
}

/** Stores the count of a line. */
export function rememberCount(before: LastCount, { step, epoch, evaluation }: LogRecord): void {
  before.step = step
  before.epoch = epoch
  before.isValidated ||= Object.keys(evaluation).some((name) => !isOfTest(name))
}
