import type { SampleKind } from '@bestmark/core'

/** What a file's name says about the sample in it. One of `step` and `epoch` is known. */
export interface SampleName {
  kind: Exclude<SampleKind, 'text'>
  step: number | null
  epoch: number | null
  /** The prompt's number, if the name has one. */
  prompt_index: number | null
  /** The rest of the name, which is the same for one prompt at every step. */
  prompt_key: string
}

const EXTENSION = /\.(?:(png|jpe?g|webp|gif)|(wav|mp3|ogg|flac))$/i
/** kohya: `name_000500_00_20240101120000_42`, with an `e` before the number of an epoch. */
const KOHYA = /^(?:.*_)?(e)?(\d{6,15})_(\d{2,9})_\d{14}(?:_\d+)?$/s
/** ai-toolkit: `1700000000000__000000500_0`, with the time in milliseconds first. */
const AI_TOOLKIT = /^\d{10,}__(\d{9,15})_(\d{1,9})$/
/** SimpleTuner and many others: a word for the step or the epoch, and its number. */
const WORDED =
  /(?:^|[^a-z])(global_?steps?|steps?|iter(?:ation)?s?|epochs?)[-_= ]?(\d{1,15})(?!\d)/is

/**
 * Reads the step or epoch in a file's name; undefined if it has none, or if it is neither an image
 * nor a sound.
 */
export function readSampleName(name: string): SampleName | undefined {
  const [ending = '', isImage] = EXTENSION.exec(name) ?? []
  if (ending === '') return undefined
  const stem = name.slice(0, -ending.length)
  const kind = isImage === undefined ? 'audio' : 'image'
  const found = numbered(stem) ?? worded(stem)
  return found && { kind, ...found }
}

type Found = Omit<SampleName, 'kind'>

function numbered(stem: string): Found | undefined {
  const [, isEpoch, count, index] = KOHYA.exec(stem) ?? []
  if (count !== undefined) return counted(isEpoch !== undefined, count, index)
  const [, step, prompt] = AI_TOOLKIT.exec(stem) ?? []
  return step === undefined ? undefined : counted(false, step, prompt)
}

function counted(isEpoch: boolean, count: string, index = '0'): Found {
  const number = Number(count)
  const at = isEpoch ? { step: null, epoch: number } : { step: number, epoch: null }
  return { ...at, prompt_index: Number(index), prompt_key: index }
}

function worded(stem: string): Found | undefined {
  const match = WORDED.exec(stem)
  const [all = '', word = '', count] = match ?? []
  if (match === null || count === undefined) return undefined
  const number = Number(count)
  const isEpoch = word.toLowerCase().startsWith('epoch')
  const at = isEpoch ? { step: null, epoch: number } : { step: number, epoch: null }
  const prompt_key = stem.slice(0, match.index) + stem.slice(match.index + all.length)
  return { ...at, prompt_index: null, prompt_key }
}
