import { dirname, join } from 'node:path'
import { ownValue } from '@bestmark/core'
import { isWeights } from '../../checkpoints/weights/weights.ts'
import { jsonObject } from '../../files/json.ts'
import { statIfSeen, textIfReadable } from '../../files/runFile.ts'
import type { Listing } from '../../files/listing.ts'
import { listWeights } from './finder.ts'
import { readNameHints } from './nameHints.ts'
import type { NamedPath } from './namedPath.ts'

/** Files in which a program writes the path of its best weights. */
const NAME =
  /^((model|checkpoint|ckpt)[-_])?best([-_](model|checkpoint|ckpt|weights))?([-_](path|file|name))?(\.(txt|path|json))?$/i
/** Fields with that path in a JSON file. */
const FIELDS = [
  ...['best_model_path', 'best_checkpoint_path', 'best_model_checkpoint', 'best_checkpoint'],
  ...['best_path', 'best_model', 'best', 'checkpoint_path', 'checkpoint', 'path', 'file'],
]
/** A name before the path: `best: epoch_3.pt`. */
const LABEL = /^[\w -]{1,40}\s*[:=]\s+/
/** Longer files are not pointers (bytes). */
const LONGEST = 4096
const MOST_FOLDERS = 8

/** The path of the best weights that a file in the root or beside the weights names. */
export async function readBestPointer(listing: Listing): Promise<NamedPath | undefined> {
  const folders = (await listWeights(listing)).map(({ path }) => dirname(path))
  const searched = [...new Set(['', ...folders.map((one) => (one === '.' ? '' : one))])]
  for (const folder of searched.slice(0, MOST_FOLDERS)) {
    for (const name of listing.names(folder)) {
      const file = folder === '' ? name : `${folder}/${name}`
      const path = NAME.test(name) ? await pathIn(join(listing.root, file)) : undefined
      if (path !== undefined) return { path, file }
    }
  }
  return undefined
}

async function pathIn(file: string): Promise<string | undefined> {
  const seen = statIfSeen(file)
  if (!seen?.isFile() || seen.size > LONGEST) return undefined
  const text = await textIfReadable(file, LONGEST)
  const record = jsonObject(text)
  const fields = record && FIELDS.map((name) => ownValue(record, name))
  const named = fields?.find((value) => typeof value === 'string')
  const [line = '', ...others] = text.split(/\r?\n/).filter((one) => one.trim() !== '')
  if (record === undefined && others.length > 1) return undefined
  const path =
    named ??
    line
      .replace(LABEL, '')
      .trim()
      .replace(/^(["'])(.*)\1$/, '$2')
  return isPath(path) ? path : undefined
}

/** Whether a text names weights: by their ending, or by a number in the last part. */
function isPath(text: string): boolean {
  const name = text.split(/[\\/]/).filter(Boolean).at(-1) ?? ''
  const { step, epoch, number } = readNameHints(name)
  const isCounted = (step ?? epoch ?? number) !== null
  return (
    !/[\0\n{}]/.test(text) &&
    (isWeights(name) || (isCounted && /[A-Za-z]/.test(name) && !/\s/.test(text)))
  )
}
