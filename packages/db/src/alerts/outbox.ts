import {
  Alert,
  type DeliveryProblem,
  type Destination,
  shownDestination,
  type ShownDestination,
} from '@bestmark/core'
import { and, desc, eq, gt, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { transaction, type Tx } from '../rows/job.ts'
import { alertRules, alerts } from '../schema.ts'
import { Refused } from '../values/refused.ts'

/** How long a message belongs to the process that sends it (ms); then another may send it again. */
const LEASE = 60_000

/** The waits between tries (ms); the last one repeats. */
const WAITS = [10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000]

/** After this many tries, about a day, a message is given up. */
export const MOST_TRIES = 30

/** How long sent messages are kept (days). */
const KEPT_DAYS = 90

/** A message without secrets. */
export interface SentAlert {
  alert_id: number
  rule_id: string
  destination: ShownDestination
  job_id: string | null
  job_name: string | null
  project: string | null
  alert: Alert
  created_at: number
  tries: number
  /** Null once it was delivered or given up. */
  next_try_at: number | null
  delivered_at: number | null
  problem: DeliveryProblem | null
}

/** A message to send now, with the secrets of its destination. */
export interface ClaimedAlert extends Omit<SentAlert, 'destination'> {
  destination: Destination
}

export interface AlertQuery {
  /** Only messages after this one. */
  after?: number | undefined
  type?: Destination['type'] | undefined
  limit?: number | undefined
}

/** The messages, newest first. */
export async function listAlerts(db: Database, query: AlertQuery = {}): Promise<SentAlert[]> {
  const { after, type, limit = 100 } = query
  const isOfType = type && eq(sql`${alertRules.destination}->>'type'`, type)
  const rows = await db.orm
    .select()
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.rule_id, alerts.rule_id))
    .where(and(after === undefined ? undefined : gt(alerts.alert_id, after), isOfType))
    .orderBy(desc(alerts.alert_id))
    .limit(limit)
  return rows.map(({ alerts: row, alert_rules: { destination } }) => {
    return { ...row, alert: Alert.parse(row.alert), destination: shownDestination(destination) }
  })
}

/** Puts a test message of a rule in the queue; returns its id. Throws Refused for an unknown rule. */
export async function addTestAlert(db: Database, rule_id: string): Promise<number> {
  return transaction(db, async (tx) => {
    const [rule] = await tx.select().from(alertRules).where(eq(alertRules.rule_id, rule_id))
    if (!rule) throw new Refused('This rule was removed meanwhile.')
    const row = { rule_id, key: 'test', alert: { kind: 'test' }, created_at: clock } as const
    const [made] = await tx
      .insert(alerts)
      .values({ ...row, ...firstTry(rule.destination) })
      .returning({ alert_id: alerts.alert_id })
    if (!made) throw new Error('The test message was not stored.')
    return made.alert_id
  })
}

/** Open pages fetch desktop notifications themselves, so nothing sends those. */
export function firstTry({ type }: Destination) {
  return type === 'desktop' ? { delivered_at: clock } : { next_try_at: clock }
}

/**
 * Claims the oldest message of each rule that is due, for `lease` ms. Two callers never get the same
 * one within that time. A message that is not reported on by then is due again.
 */
export async function claimAlerts(db: Database, lease = LEASE): Promise<ClaimedAlert[]> {
  return transaction(db, async (tx) => {
    const due = tx
      .selectDistinctOn([alerts.rule_id], { alert_id: alerts.alert_id })
      .from(alerts)
      .where(lte(alerts.next_try_at, clock))
      .orderBy(alerts.rule_id, alerts.alert_id)
    const claimed = await tx
      .update(alerts)
      .set({ tries: sql`${alerts.tries} + 1`, next_try_at: sql`${clock} + ${lease}::float8` })
      // A caller that waited for another's claim finds that it is no longer due.
      .where(and(sql`${alerts.alert_id} in ${due}`, lte(alerts.next_try_at, clock)))
      .returning()
    const rules = await tx.select().from(alertRules)
    const destinations = new Map(rules.map((rule) => [rule.rule_id, rule.destination]))
    return claimed.flatMap((row) => {
      const destination = destinations.get(row.rule_id)
      return destination ? [{ ...row, alert: Alert.parse(row.alert), destination }] : []
    })
  })
}

/** Records that a message arrived. */
export async function alertDelivered(db: Database, alert_id: number): Promise<void> {
  await db.orm
    .update(alerts)
    .set({ delivered_at: clock, next_try_at: null, problem: null })
    .where(eq(alerts.alert_id, alert_id))
}

/**
 * Records why a message was not delivered. It is sent again after a growing wait, or after
 * `retry_after` ms if the receiver asked for more; after MOST_TRIES it is given up.
 */
export async function alertFailed(
  db: Database,
  { alert_id, tries }: Pick<ClaimedAlert, 'alert_id' | 'tries'>,
  problem: DeliveryProblem,
  retry_after = 0,
): Promise<void> {
  const wait = Math.max(WAITS[Math.min(tries, WAITS.length) - 1] ?? 0, retry_after)
  const next_try_at = tries < MOST_TRIES ? sql`${clock} + ${wait}::float8` : null
  await db.orm
    .update(alerts)
    .set({ problem, next_try_at })
    .where(and(eq(alerts.alert_id, alert_id), isNull(alerts.delivered_at)))
}

/** A changed rule sends again what it has not delivered. */
export async function sendSoon(tx: Tx, rule_id: string): Promise<void> {
  await tx
    .update(alerts)
    .set({ next_try_at: clock, tries: 0 })
    .where(and(eq(alerts.rule_id, rule_id), isNull(alerts.delivered_at), isNotNull(alerts.problem)))
}

/** Removes messages that are older than KEPT_DAYS. */
export async function forgetOldAlerts(db: Database): Promise<void> {
  const age = KEPT_DAYS * 24 * 3_600_000
  await db.orm.delete(alerts).where(sql`${alerts.created_at} < ${clock} - ${age}::float8`)
}
