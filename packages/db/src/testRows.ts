import type { Database } from './connection/client.ts'
import { jobLogs } from './logs/logPage.ts'
import { unpackNumbers } from './values/packedNumbers.ts'

/** The rows of a run as numbers that are equal if each event was recorded once and in order. */
export interface StoredRows {
  /** `attempt name` to its points, with values as a journal writes them. */
  points: Record<string, [step: number, value: unknown][]>
  evaluations: [attempt: number, step: number, metric: string, value: unknown][]
  /** `attempt step path`, sorted. */
  checkpoints: string[]
  /** `attempt text` */
  logs: string[]
}

/** The stored rows of a job, in order; a duplicate row appears twice. */
export async function readStoredRows(db: Database, job_id: string): Promise<StoredRows> {
  const { sql } = db
  const points: StoredRows['points'] = {}
  const chunks = await sql<Chunk[]>`select attempt, name, steps, values from series_pieces
    where job_id = ${job_id} order by name, attempt, ordinal`
  for (const { attempt, name, steps, values } of chunks) {
    const series = (points[`${attempt} ${name}`] ??= [])
    const numbers = unpackNumbers(values)
    unpackNumbers(steps).forEach((step, index) => series.push([step, written(numbers[index])]))
  }
  const measured = await sql<Measured[]>`select attempt, step, metric, value from evaluations
    where job_id = ${job_id} order by arrival`
  const saved = await sql<{ key: string }[]>`
    select concat(attempt, ' ', step, ' ', path) as key from checkpoints where job_id = ${job_id}`
  const lines = await jobLogs(db, job_id, { limit: Infinity })
  return {
    points,
    evaluations: measured.map(({ attempt, step, metric, value }) => {
      return [attempt, Number(step), metric, written(value)]
    }),
    checkpoints: saved.map(({ key }) => key).sort(),
    logs: lines.map(({ attempt, text }) => `${attempt} ${text}`),
  }
}

interface Chunk {
  attempt: number
  name: string
  steps: Buffer
  values: Buffer
}

interface Measured {
  attempt: number
  step: number
  metric: string
  value: number | null
}

/** A number as a journal writes it. */
function written(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}
