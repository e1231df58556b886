import { createHash } from 'node:crypto'
import { measuredJson, type TrainingEvent } from '@bestmark/core'
import { z } from 'zod'
import { attachScores } from '../sources/scores/runScores.ts'
import { scoreEvents } from '../sources/scores/scoreEvents.ts'
import { readScores } from '../sources/scores/scoresFile.ts'
import { readRun } from '../sources/readRun.ts'
import { readerWarnings } from '../sources/events/newEvents.ts'
import type { BoardTarget } from './boardTarget.ts'

const Answer = z.object({ sha256: z.string().nullable() })

/**
 * Sends the scores of a run whose journal is sent as it is, unless the board has them; returns warnings
 * about scores that are left out. Throws BoardRefused.
 */
export async function sendScores(
  target: BoardTarget,
  { job_id, root }: { job_id: string; root: string },
  signal: AbortSignal,
): Promise<string[]> {
  const events = await scoresOf(root)
  const scores = events.filter((event) => event.type === 'evaluation')
  const lines = scores.map((event) => `${measuredJson(event)}\n`).join('')
  const path = `jobs/${job_id}/scores`
  const { sha256 } = Answer.parse(await target.ask(path, { signal }))
  if (sha256 !== createHash('sha256').update(lines).digest('hex')) {
    const headers = { 'content-type': 'application/x-ndjson' }
    await target.ask(path, { method: 'POST', headers, body: lines, signal })
  }
  return readerWarnings(events)
}

/** The scores in a run's folder as evaluations of its checkpoints, and notes about others. */
async function scoresOf(root: string): Promise<TrainingEvent[]> {
  const read = readScores(root)
  const { source, events } = await readRun(root)
  const own = events.filter((event) => event.type !== 'evaluation' || event.scored_by === null)
  const attached = await attachScores({ root, source, events: own }, read.scores)
  const attempt = events.reduce((last, event) => Math.max(last, event.attempt), 0)
  return scoreEvents(attached, read, attempt)
}
