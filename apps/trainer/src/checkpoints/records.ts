import { readdir, stat } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { absolutePath, pathBelow } from '@bestmark/db/root'
import { systemCode } from '../failure.ts'
import { isWeights } from './weights/weights.ts'

/** What Bestmark itself keeps in a run's folder: its journal, scores, logs, and what evaluations printed. */
const OWN = /^(journal\.jsonl|bestmark-.*)$/
const EVENTS = /^events\.out\.tfevents\./
/** Logs and tables; LightGBM saves models as text, XGBoost as JSON, so neither ending is one. */
const LOG = /\.(jsonl|log|csv|tsv)$|(^|[^a-z])logs?([^a-z].*)?\.txt$/i
/** Configurations, programs, and what a scheduler keeps of an output. */
const OTHER = /^trainer_state\.json$|\.(ya?ml|toml|md|py|sh|ipynb|out|err)$/i

/** Whether a file of this name tells of a run and is no checkpoint, whatever a journal says. */
export function isRecord(name: string): boolean {
  return [OWN, EVENTS, LOG, OTHER].some((names) => names.test(name))
}

/**
 * Why a checkpoint of a run may not be removed though nothing else keeps it: it is the run's own
 * folder, or a record of the run, or holds one. Undefined where it is none of these.
 */
export async function recordIn(root: string, path: string): Promise<string | undefined> {
  const place = absolutePath(root, path)
  const below = pathBelow(root, path)
  if (below === '' || below === undefined) return "it is the run's root folder"
  if (below.split('/').some((part) => OWN.test(part))) return "it is Bestmark's record of the run"
  const names = await namesIn(place)
  if (names === undefined) {
    return isRecord(basename(place)) ? 'it is a record of the run' : undefined
  }
  const record = names.find((name) => OWN.test(basename(name)) || EVENTS.test(basename(name)))
  // A checkpoint may hold tables of its own beside its weights.
  const top = names.filter((name) => !name.includes(sep))
  const log = top.some(isWeights) ? undefined : top.find((name) => LOG.test(name))
  const held = record ?? log
  return held === undefined ? undefined : `it holds ${held}`
}

/** Paths of all files in a folder, at any depth; undefined where it is no folder. */
async function namesIn(place: string): Promise<string[] | undefined> {
  try {
    if (!(await stat(place)).isDirectory()) return undefined
    return await readdir(place, { recursive: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
