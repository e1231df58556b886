import { countsIn, readPairs } from './textLines.ts'

/** One drawing of a progress bar. */
export interface Bar {
  label: string
  done: number
  total: number
  /** The counts in its label, or among its values. */
  step: number | null
  epoch: number | null
  total_epochs: number | null
  /** The values in its label and after its rate. */
  values: [name: string, value: number][]
  /** Whether it counts epochs. */
  isOfEpochs: boolean
  /** Whether its label counts epochs from 0, as Lightning's bar of rich does. */
  isFromZero: boolean
  /** The text after the drawing. */
  rest: string
}

/** tqdm: `Epoch 1/5:  40%|████      | 20/50 [00:01<00:02, 14.0it/s, loss=0.53]`. */
const TQDM = /^(.{0,300}?) *\d{1,3}%\|[^|]*\| *(\d{1,15})\/(\d{1,15}) *\[([^\]]*)(\]|$)/
/** rich, as Lightning writes it: `Epoch 6/7  ━━━━ 4/4 0:00:00 • 0:00:00 53.05it/s val_loss: 1.019`. */
const RICH =
  /^(.{0,300}?) +[━╸╺]{3,}[━╸╺ ]* (\d{1,15})\/(\d{1,15}) +[\d:-]+ • [\d:-]+(?: +[\d.]+it\/s)?((?: *[\w/.@-]+: [-+]?(?:nan|inf|[\d.]+(?:e[-+]?\d+)?)(?![\w.]))*)/
/** Keras: `10/10 ━━━━ 1s 5ms/step - loss: 0.5 - val_loss: 0.6`, with `verbose=2` ` - 1s - loss: 0.5`. */
const KERAS = /^(?:(\d{1,15})\/(\d{1,15}) .*? |- \d+m?s )- (?=\w+: )(.*)$/
/** A label that is only an epoch: `3/10`. */
const PART_OF = /^\[?(\d{1,9})\/(\d{1,9})\]?$/
/** The time and the rate, before the values. */
const RATE = /^[^,]*(?:,[^,=]*)?(?:,|$)/

/** Reads the bar at the beginning of a text; undefined if it has none. */
export function readBar(text: string): Bar | undefined {
  return readTqdm(text) ?? readRich(text)
}

function readTqdm(text: string): Bar | undefined {
  const [whole, before = '', done, total, values = '', end] = TQDM.exec(text) ?? []
  if (whole === undefined) return undefined
  // A bar that is wider than the terminal is cut, perhaps within its last number.
  const inside = end === '' ? values.replace(/,[^,]*$/, '') : values
  const label = before.trim().replace(/:$/, '')
  const isOfEpochs = /^epochs?$/i.test(label) || /epochs?\/s|s\/epoch/i.test(inside)
  const counts = { done: Number(done), total: Number(total), isOfEpochs }
  return { ...barOf(label, inside.replace(RATE, '')), ...counts, rest: text.slice(whole.length) }
}

function readRich(text: string): Bar | undefined {
  const [whole, label = '', done, total, inside = ''] = RICH.exec(text) ?? []
  if (whole === undefined) return undefined
  const counts = { done: Number(done), total: Number(total), isFromZero: true }
  return { ...barOf(label.trim(), inside), ...counts, rest: text.slice(whole.length) }
}

/** Reads the bar of an epoch of Keras. It has no label: the epoch is in the heading before it. */
export function readKerasBar(text: string): Bar | undefined {
  const [whole, done = 1, total = 1, inside = ''] = KERAS.exec(text) ?? []
  if (whole === undefined) return undefined
  return { ...barOf('', inside), done: Number(done), total: Number(total) }
}

function barOf(label: string, inside: string): Bar {
  const { step, epoch, total_epochs } = countsIn(`${label} | ${inside}`)
  const [, part, whole] = PART_OF.exec(label) ?? []
  return {
    ...{ label, step, done: 0, total: 0, rest: '' },
    epoch: part === undefined ? epoch : Number(part),
    total_epochs: whole === undefined ? total_epochs : Number(whole),
    values: [...readPairs(label), ...readPairs(inside)],
    ...{ isOfEpochs: false, isFromZero: false },
  }
}
