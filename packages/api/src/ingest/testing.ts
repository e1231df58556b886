import { createHash, randomUUID } from 'node:crypto'
import { readSeries } from '@bestmark/db'
import { type Caller, LINK } from '../caller.ts'
import type { Context } from '../trpc.ts'
import { answerIngest } from './answer.ts'
import type { SendingRate } from './rate.ts'
import { answerScores } from './scores.ts'
import { answerSampleFile, answerSamples } from './samples.ts'

/** A line of a journal. */
export const line = (value: object): string => `${JSON.stringify(value)}\n`
/** The line of one step. */
export const metrics = (step: number) =>
  line({ type: 'metrics', attempt: 0, step, values: { loss: 1 / step } })

/** A journal of some steps. */
export function journal(steps: number, header: object = {}) {
  const job_id = randomUUID()
  const first = { journal: 1, job_id, name: 'moby', project: 'asr', recipe: null, ...header }
  const started = { type: 'started', attempt: 0, name: 'moby', total_steps: steps }
  const lines = Array.from({ length: steps }, (_, index) => metrics(index + 1))
  return { job_id, text: line(first) + line(started) + lines.join('') }
}

/** How a piece is sent. */
export interface Sent {
  caller?: Context['caller']
  offset?: number | string
  headers?: Record<string, string>
  rate?: SendingRate
}

/** Asks the board about a journal. */
export async function ask(
  db: Context['db'],
  job_id: string,
  init: RequestInit,
  { caller = LINK, rate }: Sent,
) {
  return answerOf(answerIngest(asked(db, job_id, init, { caller, rate })))
}

function asked(
  db: Context['db'],
  job_id: string,
  init: RequestInit,
  { caller = LINK, rate }: Sent,
) {
  return {
    request: new Request(`http://localhost/ingest/v1/jobs/${job_id}`, init),
    job_id,
    createContext: () => ({ db, caller }),
    onError: (error: unknown) => {
      throw error
    },
    ...(rate && { rate }),
  }
}

async function answerOf(answered: Promise<Response>) {
  const answer = await answered
  const body = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, retry: answer.headers.get('retry-after'), ...body }
}

/** Asks which files of samples the board lacks; with `files` it says what the sender has of them. */
export async function samplesOf(
  db: Context['db'],
  job_id: string,
  files?: object[],
  sent: Sent = {},
) {
  const init = files ? { method: 'POST', body: JSON.stringify({ files }) } : {}
  return answerOf(answerSamples(asked(db, job_id, init, sent)))
}

/** Asks for the digest of a job's scores; with `lines` it sends them. */
export async function scoresOf(db: Context['db'], job_id: string, lines?: string, sent: Sent = {}) {
  const init = lines === undefined ? {} : { method: 'POST', body: lines }
  return answerOf(answerScores(asked(db, job_id, init, sent)))
}

/** Sends the file of a sample. */
export async function sendFile(
  db: Context['db'],
  job_id: string,
  sample_id: string,
  content: Buffer<ArrayBuffer>,
  { sha256 = digestOf(content), ...sent }: Sent & { sha256?: string } = {},
) {
  const headers = { 'bestmark-sha256': sha256 }
  const init = { method: 'POST', body: content, headers }
  return answerOf(answerSampleFile({ ...asked(db, job_id, init, sent), sample_id }))
}

/** The SHA-256 of some bytes. */
export const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** Sends a piece; by default it is the first one, and the caller may do everything. */
export function send(
  db: Context['db'],
  job_id: string,
  body: string | Uint8Array<ArrayBuffer>,
  sent: Sent = {},
) {
  const { offset = 0, headers: more } = sent
  const headers = { 'bestmark-offset': String(offset), ...more }
  return ask(db, job_id, { method: 'POST', body, headers }, sent)
}

/** The steps that the board has of the series `loss`. */
export async function steps(db: Context['db'], job_id: string): Promise<number[]> {
  const [loss] = await readSeries(db, job_id, { names: ['loss'], points: 1_000 })
  return loss ? [...loss.steps] : []
}

/** The length of a text in a file. */
export const bytes = (text: string) => Buffer.byteLength(text)
/** A token that only sends journals. */
export const limited = (limit: Partial<Caller>): Caller => ({
  ...{ ...LINK, kind: 'token', name: 'gpu', scope: 'ingest' },
  ...limit,
})
