import { createHash } from 'node:crypto'
import type { ContentState } from '@bestmark/core'
import { z } from 'zod'
import { statIfSeen } from '../files/runFile.ts'
import { readSampleFile, type SampleContent } from '../samples/sampleFile.ts'
import { sampleBases } from '../samples/sampleFolders.ts'
import type { BoardTarget } from './boardTarget.ts'
import type { SentFile } from './journalSender.ts'

const Wanted = z.object({
  /** The most bytes of a file. */
  largest: z.number(),
  wanted: z.array(z.object({ sample_id: z.uuid(), path: z.string() })),
})
const Missing = z.object({ missing: z.array(z.uuid()) })

/** What the sending of a run's files came to. */
export interface SentFiles {
  /** Whether the board has every file, or knows why not. */
  isWhole: boolean
  /** Files that the board does not show, by their state. */
  refused: { path: string; content_state: ContentState }[]
}

/**
 * Sends the next files of samples that the board lacks. The board names them, so none is sent twice,
 * also after a kill. Throws BoardRefused.
 */
export async function sendSamples(
  target: BoardTarget,
  run: SentFile,
  signal: AbortSignal,
): Promise<SentFiles> {
  const at = `jobs/${run.job_id}/samples`
  const { wanted, largest } = Wanted.parse(await target.ask(at, { signal }))
  if (wanted.length === 0) {
    run.kept?.clear()
    return { isWhole: true, refused: [] }
  }
  const read = readerOf(run)
  const paths = new Map(wanted.map(({ sample_id, path }) => [sample_id, path]))
  const files = []
  const refused: SentFiles['refused'] = []
  for (const [sample_id, path] of paths) {
    const found = await read(sample_id, path)
    if (found === undefined) continue
    const offer = offerOf(found, largest)
    files.push({ sample_id, ...offer })
    if ('content_state' in offer) refused.push({ path, content_state: offer.content_state })
  }
  // Nothing is known of files whose folder is away.
  if (files.length === 0) return { isWhole: !statIfSeen(run.root), refused }
  const { missing } = Missing.parse(await target.ask(at, { ...offered(files), signal }))
  for (const sample_id of missing) {
    const found = await read(sample_id, paths.get(sample_id) ?? '')
    // If it changed meanwhile, the next offer says so.
    if (!found || !('content' in found)) continue
    await target.ask(`${at}/${sample_id}`, { ...fileOf(found.content), signal })
    run.kept?.remove(sample_id)
  }
  return { isWhole: false, refused }
}

/** Reads the file of a sample: its copy, or itself while the run's folder is there. */
function readerOf(run: SentFile) {
  const bases = statIfSeen(run.root) ? sampleBases(run.root, run.checkpoints?.() ?? []) : undefined
  return async (sample_id: string, path: string): Promise<SampleContent | undefined> => {
    const copy = await run.kept?.read(sample_id)
    if (copy || !bases) return copy
    return readSampleFile(run.root, path, bases)
  }
}

/** What the board hears of a file. */
function offerOf(read: SampleContent, largest: number) {
  if (!('content' in read)) return read
  const bytes = read.content.length
  if (bytes > largest) return { content_state: 'too_large' as const, bytes }
  return { sha256: digestOf(read.content), bytes }
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function offered(files: readonly object[]): RequestInit {
  const headers = { 'content-type': 'application/json' }
  return { method: 'POST', headers, body: JSON.stringify({ files }) }
}

function fileOf(content: Buffer): RequestInit {
  const sum = { 'bestmark-sha256': digestOf(content) }
  const headers = { 'content-type': 'application/octet-stream', ...sum }
  return { method: 'POST', headers, body: new Uint8Array(content) }
}
