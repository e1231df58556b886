import { numberIn } from '../../files/csv.ts'
import { readCheckpointRow } from './checkpointRows.ts'
import { COUNT, countIn, NUMBER, VALUE, valueIn } from './printedNumbers.ts'
import { isMeasure } from '../events/names.ts'
import { splitByKind, type LogRecord, EMPTY_RECORD } from './logRecord.ts'

/** A count after one of some words. */
const countAfter = (words: string): RegExp =>
  new RegExp(
    String.raw`(?:^|[^\w/])(?:${words})(?: ?[:=#] ?| +|\[)0*(${COUNT})(?:\s*\/\s*(${COUNT}))?(?![\d.])`,
    'i',
  )
/** With gradient accumulation a line may also count batches, so these words come first. */
const OPTIMISER_STEP = countAfter(
  'global[_ ]?step|opt(?:imi[sz]er)?[_ ]?steps?|num_updates|updates?',
)
const STEP = countAfter('(?:at )?(?:steps?|iter(?:ation)?s?|up\\.|s)')
const EPOCH =
  /(?:^|[^\w/])(?:epochs?|ep\.)(?: ?[:=#] ?\[?| +\[?| ?\[ ?)0*(\d{1,9})(?:\s*\/\s*(\d{1,9}))?(?![\d.])/i
/** Swin and its relatives: `Train: [0/300][10/1251]`, which counts from 0. */
const NESTED = /^Train: \[(\d{1,9})\/(\d{1,9})\]\[ *(\d{1,15})\/\d{1,15}\]/
/** ESPnet's line per epoch: `3epoch results: [train] loss=1, [valid] loss=2, acc=0.5`. */
const RESULTS = /(?:^|\D)(\d{1,9})epoch results: (\[.*)$/
const PART = /\[(\w+)\] ([^[]*)/g
/** `name: 0.5`, `name=0.5`. */
const PAIR = new RegExp(
  String.raw`([A-Za-z][\w@./() -]*?)'?\s*[:=]\s*(${VALUE})(?=$|[\s,;|)\]}%])`,
  'gi',
)
/** `valid loss 0.5`, `| loss 5.1 |`: only spaces before the number. */
const SPACED = new RegExp(
  String.raw`(?<![\w])((?:train|training|val|valid|validation|eval|test|dev|cv|v)?[ _]?(?:loss|ppl|acc|accuracy|bpb|f1|f1-score \([\w ]+\)|auc|bleu|wer|dice|iou|miou))\s+(${VALUE})(?=$|[\s,;|])`,
  'gi',
)
/** Gaussian splatting: `[ITER 7000] Evaluating test: L1 0.03 PSNR 25.1`. */
const SPLATTING = new RegExp(
  `^\\[ITER (\\d+)\\] Evaluating (test|train): L1 (${NUMBER}) PSNR (${NUMBER})`,
)
/** fairseq writes the split once per line: `| valid on 'valid' subset | loss 5.1 |`. */
const SUBSET = /valid on '([^']+)' subset/
/** Short lines of llm.c (`s:250 tel:4.23`), build-nanogpt (`250 val 4.23`), Tacotron 2 and WaveGlow. */
const SHORT: readonly [RegExp, string][] = [
  [new RegExp(`^s:(\\d+) tel:(${NUMBER})$`, 'i'), 'val_loss'],
  [new RegExp(`^s:(\\d+) trl:(${NUMBER})`, 'i'), 'train_loss'],
  [new RegExp(`^(\\d+) val (${NUMBER})$`, 'i'), 'val_loss'],
  [new RegExp(`^(\\d+) train (${NUMBER})$`, 'i'), 'train_loss'],
  [new RegExp(`^Validation loss (\\d+): +(${NUMBER})$`, 'i'), 'val_loss'],
  [new RegExp(`^Train loss (\\d+) (${NUMBER})`, 'i'), 'train_loss'],
  // Darknet: ` 1000: 1.2, 1.3 avg loss, 0.001 rate`.
  [new RegExp(`^(\\d+): ${NUMBER}, (${NUMBER}) avg(?: loss)?,`, 'i'), 'train_loss'],
  [new RegExp(`^(\\d+) hella (${NUMBER})$`, 'i'), 'val_hellaswag_acc'],
]
const EVALUATED = new RegExp(`train (${NUMBER}),? val (${NUMBER})`, 'i')
/** Times at the beginning of a log line. */
const TIME = String.raw`(?:\d{4}[-/]\d\d[-/]\d\d[ T_]|\d\d\/\d\d\/\d{4} )\d\d:\d\d:\d\d[.,]?\d*`
/** A prefix of a log line: time, level, module, rank. */
const STAMP = new RegExp(
  [
    String.raw`^(?:\[[a-z]+\d*\]:? ?(?=\[|\d{4}))*`,
    // Swin: `[2026-11-20 10:00:00 swin_tiny] (main.py 229): INFO `.
    String.raw`(?:\[${TIME} [\w.-]+\] ?\([\w.]+ \d+\): (?:INFO|DEBUG|WARNING) `,
    // loguru: `2026-11-20 10:00:00.123 | INFO     | module:function:1 - `.
    String.raw`|${TIME} \| (?:INFO|DEBUG|SUCCESS|WARNING) *\| [\w.<>-]+:[\w.<>]*:\d+ - `,
    String.raw`|(?:\[?${TIME}\]?:?\s*[-|]?\s*)?(?:[\w.-]+ INFO: |[\w.]+ - (?=INFO|DEBUG))?`,
    String.raw`(?:\[?(?:INFO|DEBUG|root|main|__main__)\]?\s*[-:|]?\s*)*`,
    String.raw`(?:\[\w+\.py:\d+\]\s*(?:\(\d+\/\d+\)\s*)?)?)`,
  ].join(''),
  'i',
)
/** PyTorch-Ignite's examples: `Epoch[3] Validation Results - Accuracy: 0.9 Loss: 0.4`. */
const RESULTS_OF = /^epochs?\W{0,3}\d+\W+(validation|val|eval) (results|metrics)\b/i
const TRAINER_ROW = /^\s*\{'[\w/.@-]+': .*'epoch': '?[\d.]+'?\}\s*$/
/** A dictionary that a Python program printed. */
const DICTIONARY = /^\{'[^']+': [^{}]*\}$/
const NO_METRIC =
  /^(epochs?|steps?|iters?|iterations?|global_step|updates?|num_updates|s|eta|time|lr|v_num|images|.*\blast best)$/i
/** `best mean dice: 0.5 at epoch: 2` repeats a value of an earlier epoch. chemprop names its model before it. */
const OF_THE_BEST =
  /^\W*(current |.*\bmodel \d+ )?best\b.*\b(at|in|from|on|@) (the )?(epoch|step|iter)/i
/** icefall: `Epoch 3, validation: loss=0.2`. */
const SPLIT = /\b(?:validation|valid|eval)\s*[:,]\s*(?=[A-Za-z]\w* ?[:=])/i

/** Reads a text line with its own count; undefined if it has no count or no metric. */
export function readCountedLine(line: string): LogRecord | undefined {
  const text = withoutQuotes(bareText(line))
  if (text.length > 4000) return undefined
  return (
    readShortLine(text) ??
    readCheckpointRow(text) ??
    readSplattingLine(text) ??
    readResultsLine(text) ??
    readNamedCount(text)
  )
}

/** A line without its prefix. */
export function bareText(line: string): string {
  return line.replace(STAMP, '').trim()
}

/** Whether the HuggingFace Trainer printed a line: a dictionary with the epoch. */
export function isTrainerRow(line: string): boolean {
  return TRAINER_ROW.test(line)
}

/**
 * A dictionary as other programs would print it. A row of the Trainer has a step only in a progress bar.
 */
function withoutQuotes(text: string): string {
  if (DICTIONARY.test(text) && !isTrainerRow(text)) return text.replaceAll("'", '')
  if (!isTrainerRow(text)) return text
  if (/'train_runtime'/.test(text)) return ''
  return text.replaceAll("'", '').replace(/(?<=\bepoch: \d+)\.0+(?=[,}])/, '')
}

function readResultsLine(text: string): LogRecord | undefined {
  const [, epoch, parts] = RESULTS.exec(text) ?? []
  if (epoch === undefined || parts === undefined) return undefined
  const pairs = [...parts.matchAll(PART)].flatMap(([, split = '', words = '']) => {
    const pairs = readPairs(words).filter(
      ([name]) => isMeasure(name) && !/count|_cached/.test(name),
    )
    return pairs.map(([name, value]) => [`${split}/${name}`, value] as const)
  })
  return { ...EMPTY_RECORD, epoch: Number(epoch), ...splitByKind(pairs) }
}

function readShortLine(text: string): LogRecord | undefined {
  for (const [pattern, name] of SHORT) {
    const [, step, value] = pattern.exec(text) ?? []
    const number = numberIn(value)
    if (step === undefined || number === undefined) continue
    return { ...EMPTY_RECORD, step: Number(step), ...splitByKind([[name, number]]) }
  }
  return undefined
}

type Counted = 'step' | 'epoch' | 'total_steps' | 'total_epochs' | 'is_from_zero'

function readSplattingLine(text: string): LogRecord | undefined {
  const [, step, split = '', l1, psnr] = SPLATTING.exec(text) ?? []
  if (step === undefined) return undefined
  const pairs = [`${split}_psnr`, `${split}_l1`].map((name, index): [string, number] => {
    return [name, numberIn([psnr, l1][index]) ?? NaN]
  })
  return { ...EMPTY_RECORD, step: Number(step), ...splitByKind(pairs) }
}

/** The step and the epoch that a text names. */
export function countsIn(text: string): Pick<LogRecord, Counted> {
  const [, nested, epochs, batch] = NESTED.exec(text) ?? []
  if (nested !== undefined) {
    const counts = {
      epoch: Number(nested),
      total_epochs: Number(epochs),
      is_from_zero: true,
    } as const
    return { step: Number(batch), total_steps: null, ...counts }
  }
  const [step, epoch] = [OPTIMISER_STEP.exec(text) ?? STEP.exec(text), EPOCH.exec(text)]
  return {
    step: countIn(step?.[1]) ?? null,
    total_steps: countIn(step?.[2]) ?? null,
    epoch: epoch ? Number(epoch[1]) : null,
    total_epochs: epoch?.[2] === undefined ? null : Number(epoch[2]),
  }
}

function readNamedCount(text: string): LogRecord | undefined {
  const counts = countsIn(text)
  if ((counts.step === null && counts.epoch === null) || OF_THE_BEST.test(text)) return undefined
  const pairs = readPairs(text)
  const kinds = splitByKind(pairs, isEvaluated(text) ? 'eval' : undefined)
  const isAny = Object.keys(kinds.metrics).length + Object.keys(kinds.evaluation).length > 0
  if (!isAny) return undefined
  const best = /\bbest_(\w+)[ :=]/.exec(text)?.[1]
  return {
    ...(best !== undefined && { best_of: best }),
    ...counts,
    ...kinds,
  }
}

/** Scripts of accelerate print evaluations as a dictionary: `epoch 1: {'f1': 0.8}`. */
function isEvaluated(text: string): boolean {
  return /^epoch \d+: \{'/.test(text) && !/loss|'lr'|train/i.test(text)
}

/** The names and numbers of a line, in order. The first value of each name is used. */
export function readPairs(text: string): [name: string, value: number][] {
  const found = new Map<string, number>()
  const add = (name: string, digits: string): void => {
    const value = valueIn(digits, text)
    const bare = nameOf(name)
    if (value === undefined || NO_METRIC.test(bare) || found.has(bare)) return
    found.set(bare, value)
  }
  const evaluated = /^\[?eval/i.test(text) ? EVALUATED.exec(text) : null
  if (evaluated)
    return [
      ['train_loss', numberIn(evaluated[1]) ?? NaN],
      ['val_loss', numberIn(evaluated[2]) ?? NaN],
    ]
  for (const [, name = '', value = ''] of text.matchAll(PAIR)) add(name, value)
  const split = SUBSET.test(text) ? 'valid ' : ''
  for (const [, name = '', value = ''] of text.matchAll(SPACED)) {
    add(
      /^(loss|ppl|acc|accuracy|bleu)$/i.test(name.trim()) ? `${split}${name.trim()}` : name,
      value,
    )
  }
  // Megatron: `validation loss at iteration 500 | lm loss value: 3.6`.
  const isValidation =
    /^\W*validation loss at/i.test(text) ||
    /^\W*(validation|validate|valid|val|eval)\b/i.test(text) ||
    RESULTS_OF.test(text) ||
    namesSplitFirst(text)
  const pairs = [...found].map(([name, value]) => [withoutCurrent(name), value] as [string, number])
  return isValidation ? pairs.map(([name, value]) => [heldOut(name), value]) : pairs
}

/**
 * MONAI's tutorials print `current mean dice: 0.5` and then the best one: what is compared is measured
 * on held-out data. A current loss may be one of the training.
 */
function withoutCurrent(name: string): string {
  const rest = /^current[ _](?!.*(?:loss|epoch|train))(.+)$/i.exec(name)?.[1]
  return rest !== undefined && isMeasure(rest) ? heldOut(rest) : name
}

/** Whether a line names held-out data before its first metric. */
function namesSplitFirst(text: string): boolean {
  const at = text.search(SPLIT)
  const before = [...text.slice(0, Math.max(0, at)).matchAll(PAIR)]
  return at >= 0 && before.every(([, name = '']) => NO_METRIC.test(nameOf(name)))
}

/** The words directly before a number, without list bullets. */
function nameOf(name: string): string {
  const words = name.split(/ - |\s{2,}/).at(-1) ?? name
  return words
    .trim()
    .replace(/^[-–|]\s*/, '')
    .replace(/^(?:epoch|step|iter) \d+ /i, '')
}

function heldOut(name: string): string {
  const bare = name.replace(/ value$/, '')
  return /\b(val|valid|validation|eval)\b/i.test(bare) ? bare : `validation ${bare}`
}
