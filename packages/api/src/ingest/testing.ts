import { randomUUID } from 'node:crypto'
import { readSeries } from '@bestmark/db'
import { type Caller, LINK } from '../caller.ts'
import type { Context } from '../trpc.ts'
import { answerIngest } from './answer.ts'
import type { SendingRate } from './rate.ts'

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
  const request = new Request(`http://localhost/ingest/v1/jobs/${job_id}/journal`, init)
  const answer = await answerIngest({
    ...{ request, job_id },
    createContext: () => ({ db, caller }),
    onError: (error) => {
      throw error
    },
    ...(rate && { rate }),
  })
  const body = (await answer.json()) as Record<string, unknown>
  return { status: answer.status, retry: answer.headers.get('retry-after'), ...body }
}

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
