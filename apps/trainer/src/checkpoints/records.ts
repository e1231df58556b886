import { readdir, stat } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { absolutePath, pathBelow } from '@bestmark/db/root'
import { systemCode } from '../failure.ts'
import { isWeights } from './weights/weights.ts'

/** Bestmark's files in a run's folder: journal, scores, logs and output of evaluations. */
const BESTMARK = /^(journal\.jsonl|bestmark-.*)$/
const EVENTS = /^events\.out\.tfevents\./
/** Logs and tables. LightGBM saves models as .txt and XGBoost as .json, so these endings do not count. */
const LOG = /\.(jsonl|log|csv|tsv)$|(^|[^a-z])logs?([^a-z].*)?\.txt$/i
/** Configurations, programs, and output files of a scheduler. */
const OTHER = /^trainer_state\.json$|\.(ya?ml|toml|md|py|sh|ipynb|out|err)$/i

/** Whether a file of this name is a record of a run and never a checkpoint, even if a journal says so. */
export function isRecord(name: string): boolean {
  return [BESTMARK, EVENTS, LOG, OTHER].some((names) => names.test(name))
}

/**
 * Why a checkpoint must not be removed even if nothing else keeps it: it is the run's root, or a
 * record of the run, or contains one. Undefined otherwise.
 */
export async function recordIn(root: string, path: string): Promise<string | undefined> {
  const absolute_path = absolutePath(root, path)
  const below = pathBelow(root, path)
  if (below === '' || below === undefined) return "it is the run's root folder"
  if (below.split('/').some((part) => BESTMARK.test(part)))
    return "it is Bestmark's record of the run"
  const names = await namesIn(absolute_path)
  if (names === undefined) {
    return isRecord(basename(absolute_path)) ? 'it is a record of the run' : undefined
  }
  const record = names.find((name) => BESTMARK.test(basename(name)) || EVENTS.test(basename(name)))
  // A checkpoint may have its own tables beside its weights.
  const top = names.filter((name) => !name.includes(sep))
  const log = top.some(isWeights) ? undefined : top.find((name) => LOG.test(name))
  const held = record ?? log
  return held === undefined ? undefined : `it contains ${held}`
}

/** Paths of all files in a folder, at any depth; undefined if it is not a folder. */
async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    if (!(await stat(folder)).isDirectory()) return undefined
    return await readdir(folder, { recursive: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
