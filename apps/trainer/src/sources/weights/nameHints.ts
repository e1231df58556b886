/** A metric value in a name. */
interface NamedValue {
  /** The metric, such as `val_loss`; null if the name has none. */
  name: string | null
  value: number
  /** The number of its decimals. */
  digits: number
}

/** What the name of weights says about them. */
export interface NameHints {
  epoch: number | null
  step: number | null
  /** A number without a word; it may be a step or an epoch. */
  number: number | null
  /** All numbers without a word, in order. */
  numbers: readonly number[]
  values: NamedValue[]
  role: 'best' | 'last' | 'latest' | 'final' | null
  isAveraged: boolean
  /** The name without its numbers. Names with the same pattern count in the same way. */
  pattern: string
}

const ENDING =
  /(\.weights)?(\.(pt|pth|th|ckpt|bin|tar|keras|h5|hdf5|safetensors|npz|zip|msgpack|gguf|index|onnx|ubj|cbm|model|pdparams|params|caffemodel|weights|nemo|tflite|d3))+$/i
const DECIMAL = /\d+\.\d+(?:e[-+]?\d+)?/gi
const EPOCH = /(?:^|[^A-Za-z])(?:epochs?|ep|e)[-_=. ]?0*(\d{1,9})(?!\d)/i
/** ESPnet: `12epoch`. */
const EPOCH_AFTER = /(?:^|[^A-Za-z\d])0*(\d{1,9})epochs?(?![A-Za-z])/i
const STEP =
  /(?:^|[^A-Za-z])(?:global[-_]?steps?|steps?|iters?|iterations?|it|updates?|ba)[-_=. ]?0*(\d{1,15})(?!\d)/i
/** fairseq: epoch, then updates. */
const BOTH = /^checkpoint_(\d{1,9})_(\d{1,15})$/i
const APART = /(?:^|[-_ =@]|(?<!\d)\.)0*(\d{1,15})(?=$|[-_. =])/g
const JOINED =
  /(?:^|[-_.])(?:checkpoint|ckpt|chkpnt|cp|model|m|weights|net|snapshot|state)0*(\d{1,15})(?=$|[-_.])/i
const ROLE = /(?:^|[-_.= ])(best|last|latest|final)(?=$|[-_.= ])/i
const AVERAGED = /(?:^|[-_.])(ema|swa|averaged)(?=$|[-_.])/i
/** A metric that is written directly before its value: `acc0.931`. */
const METRIC =
  /(?:^|[^A-Za-z])((?:(?:val|valid|test|dev)_?)?(?:acc|accuracy|loss|auc|f1|f1_?score|map|miou|iou|dice|psnr|ssim|bleu|wer|cer|ppl|score|fid|rmse|mae|mse|err|error|reward))$/i
/** `f10.88` is an F1 of 0.88, because an F1 is at most 1. */
const F1 = /((?:^|[^A-Za-z])f)$/i
const CLOCK = String.raw`[0-2]\d[-:_]?[0-5]\d([-:_]?[0-5]\d)?`
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)'
/**
 * Dates in names, perhaps with a time: SpeechBrain's `CKPT+2026-11-20+10-00-00+00`, RecBole's
 * `Nov-20-2026_10-10-20`, and the `Nov20_10-10-20` of SummaryWriter's folders.
 */
const DATES = [
  String.raw`(?<!\d)(19|20)\d\d-[01]\d-[0-3]\d([-_+T ]${CLOCK}(\+\d\d)?)?(?!\d)`,
  String.raw`(?<!\d)20[0-4]\d[01]\d[0-3]\d[-_T ]${CLOCK}(?!\d)`,
  String.raw`(?<![A-Za-z])${MONTH}[-_]?[0-3]\d[-_](19|20)\d\d([-_T ]${CLOCK})?(?!\d)`,
  String.raw`(?<![A-Za-z])${MONTH}[-_]?[0-3]\d[-_]${CLOCK}(?!\d)`,
  String.raw`(?<!\d)[0-3]\d-[01]\d-20[12]\d([-_T ]${CLOCK})?(?!\d)`,
]
const DAY = new RegExp(DATES.join('|'), 'gi')
const DATE = /^(19|20)\d{6}(\d{6})?$/

/** Reads the name of a file or folder of weights. */
export function readNameHints(name: string): NameHints {
  const stem = name.replace(ENDING, '').replace(DAY, '')
  const { values, rest } = valuesIn(stem)
  const both = BOTH.exec(rest)
  const epoch = countOf(both?.[1] ?? (EPOCH_AFTER.exec(rest) ?? EPOCH.exec(rest))?.[1])
  const step = countOf(both?.[2] ?? STEP.exec(rest)?.[1])
  const role = roleIn(stem)
  return {
    ...{ epoch, step, values, role },
    number: epoch === null && step === null ? bareNumber(rest) : null,
    numbers: epoch === null && step === null ? numbersApart(rest) : [],
    isAveraged: AVERAGED.test(stem),
    pattern: name.replace(DECIMAL, '#').replace(/\d+/g, '#'),
  }
}

/** Whether a name has a number, or a role such as `best`. */
export function isCounted({ epoch, step, number, role }: NameHints): boolean {
  return epoch !== null || step !== null || number !== null || role !== null
}

function roleIn(stem: string): NameHints['role'] {
  const word = ROLE.exec(stem)?.[1]?.toLowerCase()
  return (['best', 'last', 'latest', 'final'] as const).find((role) => role === word) ?? null
}

function valuesIn(stem: string): { values: NamedValue[]; rest: string } {
  const values: NamedValue[] = []
  let rest = stem
  for (const { 0: digits, index } of stem.matchAll(DECIMAL)) {
    const found = valueAfter(stem.slice(0, index), digits)
    if (!found) continue
    values.push(found)
    rest = rest.slice(0, index) + ' '.repeat(digits.length) + rest.slice(index + digits.length)
  }
  return { values, rest: rest.trimEnd() }
}

/** A decimal number in a name as a metric value; undefined if it is something else. */
function valueAfter(before: string, digits: string): NamedValue | undefined {
  if (F1.test(before) && /^1[01]\./.test(digits)) return valueAfter(`${before}1`, digits.slice(1))
  const joined = METRIC.exec(before)?.[1]
  // A version (`yolo-v1.5`) and an epoch after a dot (`model.12`) are not metric values.
  if (joined === undefined && /[A-Za-z.\d]$/.test(before)) return undefined
  const isNegative = /[=_-]-$/.test(before)
  const named = /([A-Za-z][\w/@]*?)[=_-]-?$/.exec(before.replace(/^.*?(\d[-_])(?=[A-Za-z])/, ''))
  const value = Number(digits) * (isNegative ? -1 : 1)
  const decimals = digits.replace(/e.*$/i, '').split('.')[1]?.length ?? 0
  return { name: joined ?? named?.[1] ?? null, value, digits: decimals }
}

function bareNumber(rest: string): number | null {
  return numbersApart(rest).at(-1) ?? countOf(JOINED.exec(rest)?.[1])
}

function numbersApart(rest: string): number[] {
  const apart = [...rest.matchAll(APART)].map(([, digits = '']) => digits)
  return apart.filter((digits) => !DATE.test(digits)).flatMap((digits) => countOf(digits) ?? [])
}

function countOf(digits: string | undefined): number | null {
  const count = digits === undefined ? NaN : Number(digits)
  return Number.isSafeInteger(count) ? count : null
}
