import { join } from 'node:path'
import { jsonObject } from '../../files/json.ts'
import type { Listing } from '../../files/listing.ts'
import { readStart, statIfSeen } from '../../files/runFile.ts'
import { listWeights } from '../weights/finder.ts'
import { isCounted } from '../weights/nameHints.ts'
import { readWandbLog } from './wandbLog.ts'

/** The folder that W&B makes where a program is started. */
const WANDB = 'wandb'
/** A run's folder in it: `run-20261120_100000-abcd1234`, or `offline-run-…`. */
const RUN = /^(?:offline-)?run-(\d{4})(\d\d)(\d\d)_\d{6}-(.+)$/
/** The file with the history of a run. */
export const WANDB_FILE = /^run-.+\.wandb$/
/** The first records of a file describe the run (bytes). */
const HEAD = 1 << 16
/** Weights may be written a little after the last log call (ms). */
const SLACK = 60_000
const DAY = 86_400_000

/** A run of W&B beside weights. Paths are relative to the folder that holds both. */
export interface WandbFolder {
  id: string
  folder: string
  /** The day before the one in its name, which is that of its machine (ms). */
  begun: number
  /** The file with its history; undefined if it was not copied. */
  file: string | undefined
  /** What its program printed. It may be missing. */
  output: string
}

/** The runs of W&B below a folder. */
export async function findWandbFolders(listing: Listing): Promise<WandbFolder[]> {
  const found: WandbFolder[] = []
  for (const name of listing.names(WANDB)) {
    const [, year, month, day, id] = RUN.exec(name) ?? []
    if (id === undefined) continue
    const begun = Date.UTC(Number(year), Number(month) - 1, Number(day)) - DAY
    const folder = `${WANDB}/${name}`
    const file = listing.names(folder).find((one) => WANDB_FILE.test(one))
    const output = `${folder}/files/output.log`
    found.push({ id, folder, begun, file: file && `${folder}/${file}`, output })
  }
  return found
}

/**
 * The run of W&B that logged the training of the weights below the same folder: the only one that was
 * active when some of them were saved. A copy may change all times; then it is the only run, if the
 * weights are not older. Undefined if none or several may be it.
 */
export async function findWandbBeside(listing: Listing): Promise<WandbFolder | undefined> {
  const runs = await findWandbFolders(listing)
  const weights = runs.length === 0 ? [] : await listWeights(listing)
  const spans = await Promise.all(runs.map((run) => spanOf(listing, run)))
  const active = runs.filter((_, index) => {
    const { from, to } = spans[index] ?? { from: 0, to: 0 }
    return weights.some(({ mtime }) => mtime >= from && mtime <= to + SLACK)
  })
  if (active.length > 0) return active.length === 1 ? active[0] : undefined
  const [only, ...others] = runs
  const counted = weights.filter(({ hints }) => isCounted(hints))
  const isAfter = counted.every(({ mtime }) => mtime >= (spans[0]?.from ?? 0))
  return others.length === 0 && counted.length > 0 && isAfter ? only : undefined
}

/** When a run began, and when it last wrote (ms). */
async function spanOf(
  listing: Listing,
  { folder, begun, file, output }: WandbFolder,
): Promise<{ from: number; to: number }> {
  const seen = [file, output].map((one) => one && statIfSeen(join(listing.root, one))?.mtimeMs)
  const to = Math.max(0, ...seen.map((time) => time || 0))
  const metadata = jsonObject(await listing.head(`${folder}/files/wandb-metadata.json`))
  const noted = Date.parse(String(metadata?.['startedAt']))
  const from = Number.isNaN(noted) ? startIn(listing.root, file) : noted
  return { from: from ?? begun, to }
}

/** The start of a run in its file; undefined if there is none. */
function startIn(root: string, file: string | undefined): number | undefined {
  if (file === undefined) return undefined
  const records = readWandbLog(readStart(join(root, file), Buffer.alloc(HEAD))) ?? []
  return records.find((one) => one.kind === 'run')?.started_at ?? undefined
}
