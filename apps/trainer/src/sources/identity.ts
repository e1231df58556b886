import { JOURNAL } from '@bestmark/core'
import { realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure, errorText } from '../failure.ts'
import { readJournal } from '../journal/read.ts'
import { isJournal } from '../journal/header.ts'
import { Listing } from '../files/listing.ts'
import { statIfSeen } from '../files/runFile.ts'
import { findLinkedCheckpoints } from './checkpointLinks.ts'
import { LINKED_LOGS } from './logs/logFile.ts'
import { journalSource } from './journal/runJournal.ts'
import { readRunNote } from './runNote.ts'
import { findSources, findGrowingSources } from './sources.ts'
import { findSiblingWeights } from './siblingFolders.ts'

/** Names a run without reading its logs. */
export interface RunIdentity {
  /** Absolute, links resolved. */
  root: string
  source: string
  /** The id in the run's journal; null if it has none. */
  job_id: string | null
  name: string
  project: string
}

/** A run whose files changed within this time may still be running (ms). */
const GROWING_MS = 120_000

/**
 * The run in a folder; undefined if there is none. A listing of the folder may be given. Throws a
 * Failure if its journal is invalid.
 */
export async function identifyRun(
  path: string,
  listed?: Listing,
): Promise<RunIdentity | undefined> {
  const root = await realpath(path)
  const listing = listed?.root === root ? listed : new Listing(root)
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
  const [first] = await findSources(root, listing)
  if (!first) return undefined
  // Event files in `logs/NAME` belong to the weights in `checkpoints/NAME`.
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

/** The folders directly in a run's root that hold its logs. */
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

/** The names that `bestmark run` wrote into the run's folder. */
async function readNotedNames(root: string): Promise<{ name?: string; project?: string }> {
  const linked = join(root, LINKED_LOGS)
  const { name, project } = (await readRunNote(root)) ?? (await readRunNote(linked)) ?? {}
  return { ...(name !== undefined && { name }), ...(project !== undefined && { project }) }
}

function readHeader(journal: string) {
  try {
    return readJournal(journal).header
  } catch (cause) {
    throw new Failure(errorText(cause), { cause })
  }
}

/** Lightning names its runs version_N, so the parent folder is part of the name. */
function nameFromRoot(root: string): string {
  const [above = '', name = ''] = root.split('/').slice(-2)
  return /^version_\d+$/.test(name) ? `${above}/${name}` : basename(root)
}

/** Paths of a run's files: all that its sources read, and all others at most one folder deep. */
export async function findRunFiles(
  root: string,
  listing = new Listing(root),
): Promise<Set<string>> {
  const files = new Set<string>()
  for (const name of listing.names()) {
    const inner = listing.names(name).map((below) => join(name, below))
    for (const one of [name, ...inner]) files.add(one)
  }
  for (const source of await findGrowingSources(root, listing)) {
    for (const file of await source.files(listing)) files.add(file)
  }
  return files
}

/** When a run's files last changed (ms). */
export async function readLastChange(root: string, listing = new Listing(root)): Promise<number> {
  let newest = 0
  for (const file of await findRunFiles(root, listing)) {
    newest = Math.max(newest, statIfSeen(join(root, file))?.mtimeMs ?? 0)
  }
  return newest
}

/** Whether a run may still be running, by the times of its files. */
export async function mayGrow(root: string, listing = new Listing(root)): Promise<boolean> {
  return Date.now() - (await readLastChange(root, listing)) < GROWING_MS
}
