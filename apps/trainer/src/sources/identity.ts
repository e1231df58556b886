import { realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure, errorText } from '../failure.ts'
import { readJournal } from '../journal/read.ts'
import { isJournal, JOURNAL } from '../journal/header.ts'
import { Listing } from '../files/listing.ts'
import { findLinkedCheckpoints } from './checkpointLinks.ts'
import { journalSource } from './journal/runJournal.ts'
import { readRunNote } from './runNote.ts'
import { findSources, findGrowingSources } from './sources.ts'
import { findSiblingWeights } from './tensorboard/siblings.ts'

/** Who a run is, without reading it. */
export interface RunIdentity {
  /** Absolute, links resolved. */
  root: string
  source: string
  /** The id in the run's own journal, where it has one. */
  job_id: string | null
  name: string
  project: string
}

/** Files that changed within this time may be those of a run that goes on (ms). */
const GROWING = 120_000

/** Which run a folder holds; undefined where it holds none. Throws a Failure where its journal is none. */
export async function identifyRun(path: string): Promise<RunIdentity | undefined> {
  const root = await realpath(path)
  const journal = join(root, JOURNAL)
  if (isJournal(journal)) {
    const header = readHeader(journal)
    if (header) {
      const { job_id, name, project } = header
      return {
        root,
        source: journalSource(root),
        job_id,
        name,
        project,
        ...(await readNotedNames(root)),
      }
    }
  }
  const linked = await findLinkedCheckpoints(root)
  if (linked !== undefined) return identifyRun(linked)
  const [first] = await findSources(root)
  if (!first) return undefined
  // Event files in `logs/NAME` are of the run whose weights lie in `checkpoints/NAME`.
  const beside = await findSiblingWeights(root)
  if (beside !== undefined && (await findSources(beside)).length > 0) return identifyRun(beside)
  const stored = await first.identity?.(root)
  const named = {
    name: nameFromRoot(root),
    project: 'imported',
    ...stored,
    ...(await readNotedNames(root)),
  }
  return { root, source: first.name, job_id: null, ...named }
}

/** The folders in a run's root that hold its logs, by the first part of their paths. */
export async function findLogFolders(root: string): Promise<Set<string>> {
  const listing = new Listing(root)
  const parts = new Set<string>()
  for (const source of await findSources(root)) {
    for (const file of await source.files(listing)) {
      const [first = '', ...rest] = file.split('/')
      if (rest.length > 0 && first !== '..') parts.add(first)
    }
  }
  return parts
}

/** What `bestmark run` noted to call the run. */
async function readNotedNames(root: string): Promise<{ name?: string; project?: string }> {
  const { name, project } = (await readRunNote(root)) ?? {}
  return { ...(name !== undefined && { name }), ...(project !== undefined && { project }) }
}

function readHeader(journal: string) {
  try {
    return readJournal(journal).header
  } catch (cause) {
    throw new Failure(errorText(cause), { cause })
  }
}

/** Lightning counts its runs, which says little without the folder above. */
function nameFromRoot(root: string): string {
  const [above = '', name = ''] = root.split('/').slice(-2)
  return /^version_\d+$/.test(name) ? `${above}/${name}` : basename(root)
}

/**
 * The files of a run, relative to its root: those that its sources read, however deep they lie, and
 * what else lies in its folder and in folders of that.
 */
export async function findRunFiles(root: string): Promise<Set<string>> {
  const listing = new Listing(root)
  const files = new Set<string>()
  for (const name of await listing.names()) {
    // A file has no names below it.
    const inner = (await listing.names(name)).map((below) => join(name, below))
    for (const one of [name, ...inner]) files.add(one)
  }
  for (const source of await findGrowingSources(root)) {
    for (const file of await source.files(listing)) files.add(file)
  }
  return files
}

/** When something of a run's files was last changed (ms). */
export async function readLastChange(root: string): Promise<number> {
  let newest = 0
  for (const file of await findRunFiles(root)) {
    const seen = await stat(join(root, file)).catch(() => undefined)
    newest = Math.max(newest, seen?.mtimeMs ?? 0)
  }
  return newest
}

/** Whether a run may be going on, as far as the times of its files tell. */
export async function mayGrow(root: string): Promise<boolean> {
  return Date.now() - (await readLastChange(root)) < GROWING
}
