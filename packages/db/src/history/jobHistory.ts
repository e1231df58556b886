import type { EndCause, JobState, Measured } from '@bestmark/core'
import { and, asc, desc, eq, isNotNull } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { type Deployment, listDeployments } from '../deployments/deployments.ts'
import { type PolicyChange, policyHistory } from '../policies/policies.ts'
import { listAttempts } from '../rows/attempts.ts'
import { evaluations } from '../schema.ts'
import { jobRow } from '../jobs/jobs.ts'

/** What happened to a job at a moment (ms); null where the run logged no time. */
export type HistoryEntry = { at: number | null } & (
  | { kind: 'registered' | 'stop_requested' }
  | { kind: 'started'; attempt: number; resumed_from: number | null }
  | {
      kind: 'ended'
      attempt: number
      status: JobState | null
      error: string | null
      end_cause: EndCause | null
    }
  | { kind: 'policy'; change: PolicyChange }
  | { kind: 'scored'; attempt: number; step: number; by: string; values: Record<string, Measured> }
  | { kind: 'shipped'; deployment: Deployment }
)

/** The most attempts, and the most measurements of scores, that a history has. */
const MOST = 1_000

/** What happened to a job, newest first; what has no time comes last. */
export async function jobHistory(db: Database, job_id: string): Promise<HistoryEntry[]> {
  const [registered, attempts, changes, scores, shipments] = await Promise.all([
    registrations(db, job_id),
    attemptEntries(db, job_id),
    policyHistory(db, { job_id }),
    scoreEntries(db, job_id),
    listDeployments(db, { job_id, limit: MOST }),
  ])
  return newestFirst([
    ...registered,
    ...attempts,
    ...scores,
    ...changes
      .toReversed()
      .map((change): HistoryEntry => ({ kind: 'policy', at: change.changed_at, change })),
    ...shipments.toReversed().map((deployment): HistoryEntry => ({
      kind: 'shipped',
      at: deployment.created_at,
      deployment,
    })),
  ])
}

/** Entries that are given oldest first; of one moment, the one that is given last is the newest. */
export function newestFirst(entries: readonly HistoryEntry[]): HistoryEntry[] {
  return entries.toReversed().sort((a, b) => (b.at ?? -Infinity) - (a.at ?? -Infinity) || 0)
}

async function registrations(db: Database, job_id: string): Promise<HistoryEntry[]> {
  const job = await jobRow(db, job_id)
  if (!job) return []
  const { registered_at, stop_requested_at } = job
  return [
    { kind: 'registered', at: registered_at },
    ...(stop_requested_at === null
      ? []
      : [{ kind: 'stop_requested' as const, at: stop_requested_at }]),
  ]
}

async function attemptEntries(db: Database, job_id: string): Promise<HistoryEntry[]> {
  const attempts = await listAttempts(db.orm, job_id)
  return attempts
    .slice(-MOST)
    .flatMap(({ attempt, resumed_from, started_at, ended_at, ...row }): HistoryEntry[] => {
      const { status, error, end_cause } = row
      const end = { kind: 'ended', at: ended_at, attempt, status, error, end_cause } as const
      const start = { kind: 'started', at: started_at, attempt, resumed_from } as const
      return [start, ...(ended_at === null ? [] : [end])]
    })
}

/** What was measured after training: one entry for all metrics of one scoring of one step. */
async function scoreEntries(db: Database, job_id: string): Promise<HistoryEntry[]> {
  const { attempt, step, metric, value, at, scored_by, arrival } = evaluations
  const newest = await db.orm
    .select({ attempt, step, metric, value, at, by: scored_by })
    .from(evaluations)
    .where(and(eq(evaluations.job_id, job_id), isNotNull(scored_by)))
    .orderBy(desc(arrival), asc(metric))
    .limit(MOST)
  const entries = new Map<string, HistoryEntry & { kind: 'scored' }>()
  for (const row of newest.reverse()) {
    const key = JSON.stringify([row.at, row.attempt, row.step, row.by])
    const { metric: name, value: measured, by, ...moment } = row
    const entry = entries.get(key) ?? { kind: 'scored', ...moment, by: by ?? '', values: {} }
    entry.values = { ...entry.values, [name]: measured }
    entries.set(key, entry)
  }
  return [...entries.values()]
}
