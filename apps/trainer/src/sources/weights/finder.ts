import { JOURNAL } from '@bestmark/core'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import type { Listing } from '../../files/listing.ts'
import { mayHaveLiveProcess } from '../../processes/mark.ts'
import { statIfSeen } from '../../files/runFile.ts'
import { isWeights } from '../../checkpoints/weights/weights.ts'
import { isDiscriminator } from './adversary.ts'
import { isMember } from './ensemble.ts'
import { readNameHints, isCounted, type NameHints } from './nameHints.ts'
import { holdsWeights, mayBeWeights } from './weightsByContent.ts'

/** Weights below a run's root: a file, a folder, or several files with one prefix. */
export interface FoundWeights {
  /** For TensorFlow's files: the common prefix of their names. */
  path: string
  /** The file to read facts from. In a folder it is the largest file of weights. */
  file: string
  hints: NameHints
  /** Time of the last change (ms), and size (bytes). */
  mtime: number
  size: number
}

/** Folders without weights of a run, and with many other files. */
const SKIPPED_FOLDERS =
  /^(\..*|.*\.orbax-checkpoint-tmp.*|node_modules|__pycache__|wandb|code|src|data|datasets?|cache|bestmark-(logs|checkpoints))$/
/** A folder with one of these files is a separate run. */
const RUN_FILES =
  /^(trainer_state\.json|results\.csv|metrics\.csv|summary\.csv|args\.yaml|journal\.jsonl)$|tfevents/
/** The note of `bestmark run`. */
const NOTE = 'bestmark-run.json'
/** A number in these folder names is not a step or an epoch. */
const PART =
  /^(version|run|exp\w*|trial|fold|seed|rank|job|train|val|worker|stage|mp_rank)[-_]?\d+$/i
/** A folder with one of these files is one model. */
const MODEL =
  /^(config\.json|adapter_config\.json|config\.cfg|\.metadata|model\.safetensors\.index\.json|mm_projector\.bin|CKPT\.yaml)$/
/** A numbered folder with its own log, or with a folder of checkpoints, is a run. */
const RUN_PARTS = /(^|[_-])log\.\w+$|\.log$|^(saves?|checkpoints|ckpts|saved_models)$/i
/** Names of files that hold a part of a model. */
const PIECE = /rank|-of-|shard|part|__\d+_\d+|pytorch_model_\d+|zero_pp|mp_rank|^(s?dp|[tpec]p)_\d/
/**
 * The end of a name that a metric with a `/` splits: Lightning writes `epoch=3-val/loss=0.41.ckpt` for
 * the metric `val/loss`.
 */
const METRIC = /^[A-Za-z][\w@-]*=.*\.ckpt$/
const TENSORFLOW = /^(.+)\.index$/

const DEEPEST = 6
const MOST_ENTRIES = 20_000

/** How weights are searched. */
interface WalkOptions {
  /** Whether folders that an earlier `bestmark run` recorded are searched too: they may be written again. */
  isInNoted: boolean
}

/** All weights below a root, in order of name. Reads at most 20,000 directory entries. */
export async function findWeights(
  root: string,
  options: WalkOptions = { isInNoted: false },
): Promise<FoundWeights[]> {
  const walk = new Walk(root, options)
  await walk.folder('', 0)
  return walk.found
}

/**
 * Whether a folder with these files is a run of its own by a mark of Bestmark, whatever it is called.
 * While its program runs, it may still become a part of a run above it.
 */
export function isMarkedRun(folder: string, names: readonly string[]): boolean {
  return names.includes(JOURNAL) || (names.includes(NOTE) && !mayHaveLiveProcess(folder))
}

const cache = new WeakMap<Listing, Promise<FoundWeights[]>>()

/** All weights below the root of a listing, searched only once per listing. */
export function listWeights(listing: Listing): Promise<FoundWeights[]> {
  const before = cache.get(listing)
  if (before) return before
  const found = findWeights(listing.root)
  cache.set(listing, found)
  return found
}

class Walk {
  readonly found: FoundWeights[] = []
  readonly #root: string
  readonly #isInNoted: boolean
  #left = MOST_ENTRIES

  constructor(root: string, { isInNoted }: WalkOptions) {
    this.#root = root
    this.#isInNoted = isInNoted
  }

  async folder(path: string, depth: number): Promise<void> {
    const entries = await this.#entries(path)
    const names = entries.map(({ name }) => name)
    const isNoted = !this.#isInNoted && names.includes(NOTE)
    if (path !== '' && (isNoted || names.some((name) => RUN_FILES.test(name)))) return
    for (const entry of entries) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`
      if (await this.#isFolder(entry, inner)) {
        if (depth < DEEPEST && !SKIPPED_FOLDERS.test(entry.name))
          await this.#inner(inner, entry.name, depth)
      } else await this.#file(inner, entry.name, names)
    }
  }

  /** A folder is a checkpoint if its name has a number or it is one model, and its files have no numbers. */
  async #inner(path: string, name: string, depth: number): Promise<void> {
    const entries = await this.#entries(path)
    if (name.includes('=') && entries.length > 0 && entries.every((one) => METRIC.test(one.name))) {
      for (const one of entries) await this.#file(`${path}/${one.name}`, `${name}/${one.name}`, [])
      return
    }
    const hints = readNameHints(name)
    const isRun = entries.some((one) => RUN_PARTS.test(one.name))
    const isModel = entries.some((one) => MODEL.test(one.name))
    if (
      (isModel || (isCounted(hints) && !isRun && !PART.test(name) && !isMember(path))) &&
      (await this.#isOne(path, entries))
    ) {
      const largest = await this.#largest(path, 0)
      if (largest) {
        const { mtimeMs } = await stat(join(this.#root, path))
        const mtime = Math.max(largest.mtime, mtimeMs)
        this.found.push({ path, file: largest.path, hints, mtime, size: largest.size })
        return
      }
    }
    await this.folder(path, depth + 1)
  }

  /** Whether no file below a folder has its own number, except parts of one model. */
  async #isOne(path: string, entries: readonly Dirent[], depth = 0): Promise<boolean> {
    for (const entry of entries) {
      const { name } = entry
      const inner = `${path}/${name}`
      if (await this.#isFolder(entry, inner)) {
        if (depth > 2 || SKIPPED_FOLDERS.test(name)) continue
        if (!(await this.#isOne(inner, await this.#entries(inner), depth + 1))) return false
      } else if ((name === NOTE || RUN_FILES.test(name)) && depth > 0) return false
      else if ((isWeights(name) || TENSORFLOW.test(name)) && !PIECE.test(name)) {
        if (isCounted(readNameHints(name))) return false
      }
    }
    return true
  }

  async #largest(path: string, depth: number): Promise<Saved | undefined> {
    let largest: Saved | undefined
    for (const entry of await this.#entries(path)) {
      const inner = `${path}/${entry.name}`
      const isFolder = await this.#isFolder(entry, inner)
      const isSpacy = entry.name === 'model' && depth > 0
      const seen = isFolder
        ? depth < 3 && (await this.#largest(inner, depth + 1))
        : (isWeights(entry.name) || isSpacy) && this.#seen(inner)
      if (seen && (!largest || seen.size > largest.size)) largest = seen
    }
    return largest
  }

  async #file(path: string, name: string, names: readonly string[]): Promise<void> {
    const prefix = TENSORFLOW.exec(name)?.[1]
    const isPrefix = prefix !== undefined && names.some((one) => one.startsWith(`${prefix}.data-`))
    if (isShard(name) || isDiscriminator(name, names)) return
    if (!(isPrefix || isWeights(name) || (await this.#isInside(path, name)))) return
    const seen = this.#seen(path)
    if (!seen) return
    const { mtime, size } = seen
    const whole = isPrefix ? path.slice(0, -'.index'.length) : path
    this.found.push({ path: whole, file: path, hints: readNameHints(name), mtime, size })
  }

  /** Whether a file whose name does not say it is weights by its content. */
  async #isInside(path: string, name: string): Promise<boolean> {
    if (!mayBeWeights(name)) return false
    try {
      return await holdsWeights(join(this.#root, path), name)
    } catch (error) {
      ignoreMissing(error)
      return false
    }
  }

  #seen(path: string): Saved | undefined {
    const seen = statIfSeen(join(this.#root, path))
    return seen && { path, mtime: seen.mtimeMs, size: seen.size }
  }

  async #isFolder(entry: Dirent, path: string): Promise<boolean> {
    if (!entry.isSymbolicLink()) return entry.isDirectory()
    return (await stat(join(this.#root, path)).catch(ignoreMissing))?.isDirectory() ?? false
  }

  readonly #cached = new Map<string, Dirent[]>()

  async #entries(path: string): Promise<Dirent[]> {
    const cached = this.#cached.get(path)
    if (cached) return cached
    if (this.#left <= 0) return []
    const folder = join(this.#root, path)
    const found = (await readdir(folder, { withFileTypes: true }).catch(ignoreMissing)) ?? []
    const entries = found.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, this.#left)
    this.#left -= entries.length
    this.#cached.set(path, entries)
    return entries
  }
}

interface Saved {
  path: string
  mtime: number
  size: number
}

/** Whether a file is one of several shards. */
function isShard(name: string): boolean {
  return /-\d{5}-of-\d{5}\./.test(name)
}

/** Treats a file that cannot be opened as missing. */
function ignoreMissing(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error
  return undefined
}
