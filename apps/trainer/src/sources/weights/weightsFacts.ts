import { basename, dirname, join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { setOwn } from '@bestmark/core'
import { flatFields } from '../events/flatFields.ts'
import { isMeasure, nameWithSplit } from '../events/names.ts'
import { openHandle, statIfSeen, textOfFile } from '../../files/runFile.ts'
import { Listing } from '../../files/listing.ts'
import { jsonObject } from '../../files/json.ts'
import { safetensorsMetadata } from '../../checkpoints/weights/safetensors.ts'
import { kerasSteps } from '../../checkpoints/weights/kerasSteps.ts'
import { tensorflowSteps } from '../../checkpoints/weights/tensorflowSteps.ts'
import { torchArchive } from '../../checkpoints/weights/torchArchive.ts'
import { mayBeTorch } from '../../checkpoints/weights/torchName.ts'
import { mayBeBooster } from '../../checkpoints/weights/boosters.ts'
import { readBoosterFacts } from './boosterFacts.ts'
import { type Facts, factsIn, noFacts } from './facts.ts'
import type { FoundWeights } from './finder.ts'
import { readSkorchFacts } from './skorchFacts.ts'
import { readSpacyFacts } from './spacyFacts.ts'
import { readTorchFacts } from './torchFacts.ts'

/** The size of the cache. Facts are needed at every update, but each file is read once. */
const KEPT = 512
const cache = new Map<string, Promise<Facts>>()
const LONGEST = 4 << 20
/** Metrics that orbax's CheckpointManager keeps to find its best checkpoint. */
const ORBAX = 'metrics/metrics'
/** Files in a folder of weights that may hold its metadata. */
const FOLDER_METADATA = ['trainer_state.json', 'meta.json', 'metrics.json', 'CKPT.yaml', ORBAX]
/** Files of a program's own that hold the scores of the weights in their folder: `eval.json`. */
const SCORES = /^(\w+[_-])?(eval|evaluation|metrics?|results?|scores?)([_-]\w+)?\.json$/i
/** At most this many such files are read per folder. */
const MOST_SCORES = 4

/** Reads the facts about weights from their file, and from a metadata file beside it or in its folder. */
export async function readFacts(root: string, found: FoundWeights): Promise<Facts> {
  const { file, mtime, size } = found
  const key = `${root} ${found.path} ${mtime} ${size}`
  const before = cache.get(key)
  if (before) return before
  if (cache.size >= KEPT) cache.clear()
  const facts = readFromFiles(root, found)
  cache.set(key, facts)
  return facts.catch((error: unknown) => {
    cache.delete(key)
    if (systemCode(error) === undefined) throw error
    return noFacts(file)
  })
}

async function readFromFiles(root: string, found: FoundWeights): Promise<Facts> {
  // A spaCy pipeline is a folder.
  const spacy = found.path === found.file ? {} : await readSpacyFacts(root, found.path)
  const inside = { ...(await readInside(root, found)), ...spacy }
  for (const beside of await metadataFiles(root, found)) {
    const text = await readMetadata(join(root, beside))
    if (text === undefined) continue
    const history = readSkorchFacts(text)
    if (history) return { ...inside, ...history, file: beside }
    const metadata = await fieldsIn(beside, text)
    if (!metadata) continue
    if (beside.endsWith(`/${ORBAX}`))
      return { ...inside, values: orbaxValues(metadata), file: beside }
    const { epoch, step, values } = factsIn(withInnerFields(metadata))
    const facts = { ...inside, epoch: inside.epoch ?? epoch, step: step ?? inside.step }
    const isFirst = Object.keys(inside.values).length === 0
    if (beside.endsWith('trainer_state.json')) return facts
    return isFirst ? { ...facts, values, file: beside } : facts
  }
  return inside
}

/** The metrics that were saved with a checkpoint are of held-out data, unless their name says `train`. */
function orbaxValues(metadata: Readonly<Record<string, unknown>>): Record<string, number> {
  const values: Record<string, number> = {}
  for (const [name, value] of Object.entries(metadata)) {
    const isUsed = typeof value === 'number' && isMeasure(name) && !/train/i.test(name)
    if (isUsed) setOwn(values, nameWithSplit(name, 'eval'), value)
  }
  return values
}

/** Fields with those of nested objects (`val: { loss }`). spaCy's are read by their own name. */
function withInnerFields(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { performance, ...others } = metadata
  return { ...Object.fromEntries(flatFields(others)), performance }
}

/** Paths of possible metadata files of weights. */
async function metadataFiles(root: string, { path, file }: FoundWeights): Promise<string[]> {
  if (path !== file && !path.includes('.ckpt')) {
    const names = new Listing(root).names(path)
    const scores = names.filter((name) => SCORES.test(name) && !FOLDER_METADATA.includes(name))
    return [...FOLDER_METADATA, ...scores.slice(0, MOST_SCORES)].map((name) => `${path}/${name}`)
  }
  const [folder, name] = [dirname(file), basename(file)]
  const stem = name.replace(/\.[^.]+$/, '')
  const named = [
    `${stem}.json`,
    `${stem}.yaml`,
    `${stem}_metrics.json`,
    `${stem.replace(/^[a-z]+(?=_\d)/, 'meta')}.json`,
    // skorch: `best_params.pt` and `best_history.json`.
    `${stem.replace(/params(?=$|_)/, 'history')}.json`,
  ]
  return named.map((one) => (folder === '.' ? one : `${folder}/${one}`))
}

async function readInside(root: string, found: FoundWeights): Promise<Facts> {
  const { file, size } = found
  const nothing = noFacts(file)
  const path = join(root, file)
  if (/\.safetensors$/.test(file)) {
    const metadata = await safetensorsMetadata(path)
    return { ...nothing, ...factsIn(metadata) }
  }
  if (/\.(keras|h5|hdf5)$/.test(file)) return { ...nothing, step: await kerasSteps(path) }
  if (file.endsWith('.index')) return { ...nothing, step: await tensorflowSteps(path, size) }
  if (file.endsWith('.cbm') || mayBeBooster(basename(file))) {
    const facts = await readBoosterFacts(path, found)
    return { ...nothing, ...facts, isAsLogged: facts.step !== undefined }
  }
  if (!mayBeTorch(basename(file))) return nothing
  await using handle = await openHandle(path)
  const archive = await torchArchive(handle, size)
  if (!archive) return nothing
  return { ...nothing, ...(await readTorchFacts(archive)), digest: archive.tensorsDigest }
}

/** A YAML file beside weights without any of these fields has their options. */
const MEASURED = /^(step|epoch|cv_loss|loss_dict|end-of-epoch):/m
/** WeNet writes the losses of its validation into `loss_dict`, before that as `cv_loss`. */
const LOSSES = /^loss_dict\./
/** Fields of SpeechBrain that measure nothing. */
const NO_METRIC = /^(unixtime|end-of-epoch)$/

/** The fields in a metadata file; undefined if it has none. */
async function fieldsIn(
  file: string,
  text: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!file.endsWith('.yaml')) return jsonObject(text)
  if (!MEASURED.test(text)) return undefined
  const { yamlValues } = await import('../../files/yaml.ts')
  const values = yamlValues(text)
  if (!Array.isArray(values)) return undefined
  const isOfFolder = basename(file) === 'CKPT.yaml'
  const fields: Record<string, unknown> = {}
  for (const { name, value } of values) {
    if (NO_METRIC.test(name) || (name.includes('.') && !LOSSES.test(name))) continue
    const measured = isOfFolder && typeof value === 'number' ? nameWithSplit(name, 'eval') : name
    setOwn(fields, measured.replace(LOSSES, 'cv_'), value)
  }
  return fields
}

async function readMetadata(path: string): Promise<string | undefined> {
  if (!statIfSeen(path)) return undefined
  return textOfFile(path, LONGEST).catch(() => undefined)
}
