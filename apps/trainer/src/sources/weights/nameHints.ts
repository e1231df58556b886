/** A number that a name gives as how good its weights are. */
interface NamedValue {
  /** What stands before it, such as `val_loss`; null where nothing does. */
  name: string | null
  value: number
  /** To how many decimals it is given. */
  digits: number
}

/** What a name tells of the weights that it is of. */
export interface NameHints {
  epoch: number | null
  step: number | null
  /** A number of which the name does not tell what it counts. */
  number: number | null
  values: NamedValue[]
  role: 'best' | 'last' | 'latest' | 'final' | null
  isAveraged: boolean
  /** The name with its numbers left out: names of one pattern count alike. */
  pattern: string
}

const ENDING =
  /(\.weights)?(\.(pt|pth|th|ckpt|bin|tar|keras|h5|hdf5|safetensors|npz|zip|msgpack|gguf|index|onnx))+$/i
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
  /(?:^|[-_.])(?:checkpoint|ckpt|cp|model|m|weights|net|snapshot|state)0*(\d{1,15})(?=$|[-_.])/i
const ROLE = /(?:^|[-_.= ])(best|last|latest|final)(?=$|[-_.= ])/i
const AVERAGED = /(?:^|[-_.])(ema|swa|averaged)(?=$|[-_.])/i
const DATE = /^(19|20)\d{6}(\d{6})?$/

/** Reads the hints in the name of a file or folder of weights. */
export function readNameHints(name: string): NameHints {
  const stem = name.replace(ENDING, '')
  const { values, rest } = valuesIn(stem)
  const both = BOTH.exec(rest)
  const epoch = countOf(both?.[1] ?? (EPOCH_AFTER.exec(rest) ?? EPOCH.exec(rest))?.[1])
  const step = countOf(both?.[2] ?? STEP.exec(rest)?.[1])
  const role = roleIn(stem)
  return {
    ...{ epoch, step, values, role },
    number: epoch === null && step === null ? bareNumber(rest) : null,
    isAveraged: AVERAGED.test(stem),
    pattern: name.replace(DECIMAL, '#').replace(/\d+/g, '#'),
  }
}

/** Whether a name counts epochs or steps, or tells which of the weights it is. */
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
    const before = stem.slice(0, index)
    // The version in a name (`yolo-v1.5`), and an epoch after a dot (`model.12`), are no values.
    if (/[A-Za-z.\d]$/.test(before)) continue
    const isNegative = /[=_-]-$/.test(before)
    const named = /([A-Za-z][\w/@]*?)[=_-]-?$/.exec(before.replace(/^.*?(\d[-_])(?=[A-Za-z])/, ''))
    const value = Number(digits) * (isNegative ? -1 : 1)
    const decimals = digits.replace(/e.*$/i, '').split('.')[1]?.length ?? 0
    values.push({ name: named?.[1] ?? null, value, digits: decimals })
    rest = rest.slice(0, index) + ' '.repeat(digits.length) + rest.slice(index + digits.length)
  }
  return { values, rest: rest.trimEnd() }
}

function bareNumber(rest: string): number | null {
  const apart = [...rest.matchAll(APART)].map(([, digits = '']) => digits)
  const last = apart.filter((digits) => !DATE.test(digits)).at(-1)
  return countOf(last ?? JOINED.exec(rest)?.[1])
}

function countOf(digits: string | undefined): number | null {
  const count = digits === undefined ? NaN : Number(digits)
  return Number.isSafeInteger(count) ? count : null
}
