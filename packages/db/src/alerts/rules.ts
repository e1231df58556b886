import { type AlertRule, type DestinationInput, shownDestination } from '@bestmark/core'
import type { ShownDestination, Destination } from '@bestmark/core'
import { asc, eq, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { settledRevision } from '../rows/boardRevision.ts'
import { transaction, type Tx } from '../rows/job.ts'
import { alertCursor, alertFacts, alertRules, trainingJobs } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { storable } from '../values/storable.ts'
import { sendSoon } from './outbox.ts'

/** A rule as it is stored, with the secrets of its destination. */
export type StoredRule = typeof alertRules.$inferSelect

/** A rule without secrets. */
export interface ShownRule extends AlertRule {
  rule_id: string
  created_at: number
  destination: ShownDestination
}

/** The most rules of one board. */
export const MOST_RULES = 100

/** The rules, oldest first. */
export async function listRules({ orm }: Pick<Database, 'orm'>): Promise<ShownRule[]> {
  const rows = await orm.select().from(alertRules).orderBy(asc(alertRules.created_at))
  return rows.map((row) => ({ ...row, destination: shownDestination(row.destination) }))
}

/**
 * Adds a rule, or changes the one that `rule_id` names; a destination without its secret keeps the
 * stored one. What was not delivered yet is sent again soon. Returns the rule's id. Throws Refused
 * for a missing secret, an unknown rule, or too many rules.
 */
export async function saveRule(
  db: Database,
  { rule_id, ...rule }: AlertRule & { rule_id?: string | undefined; destination: DestinationInput },
): Promise<string> {
  return transaction(db, async (tx) => {
    await follow(tx)
    const stored = rule_id === undefined ? undefined : await ruleIn(tx, rule_id)
    if (rule_id !== undefined && !stored) throw new Refused('This rule was removed meanwhile.')
    const destination = complete(rule.destination, stored?.destination)
    const project = rule.project === null ? null : storable(rule.project)
    const row = { ...rule, project, destination }
    if (stored) {
      await tx.update(alertRules).set(row).where(eq(alertRules.rule_id, stored.rule_id))
      await sendSoon(tx, stored.rule_id)
      return stored.rule_id
    }
    if ((await tx.$count(alertRules)) >= MOST_RULES) {
      throw new Refused(`A board has at most ${MOST_RULES} rules. Remove one first.`)
    }
    const [made] = await tx
      .insert(alertRules)
      .values({ ...row, created_at: clock })
      .returning({ rule_id: alertRules.rule_id })
    if (!made) throw new Error('The rule was not stored.')
    return made.rule_id
  })
}

/** Removes a rule and its messages; one that is gone stays gone. */
export async function removeRule(db: Database, rule_id: string): Promise<void> {
  await transaction(db, async (tx) => {
    await tx.select().from(alertCursor).for('update')
    await tx.delete(alertRules).where(eq(alertRules.rule_id, rule_id))
    if ((await tx.$count(alertRules)) > 0) return
    await tx.update(alertCursor).set({ board_revision: null })
    await tx.delete(alertFacts)
  })
}

/** Whether the board has any rule, in one short query. */
export async function hasAlertRules({ orm }: Pick<Database, 'orm'>): Promise<boolean> {
  const [cursor] = await orm.select().from(alertCursor).prepare('alert_cursor').execute()
  return cursor !== undefined && cursor.board_revision !== null
}

/** A rule with its secrets; undefined if there is none. */
async function ruleIn(tx: Pick<Tx, 'select'>, rule_id: string): Promise<StoredRule | undefined> {
  const [row] = await tx.select().from(alertRules).where(eq(alertRules.rule_id, rule_id))
  return row
}

/**
 * With the first rule, stores the current facts of every job. Later facts are compared with them.
 */
async function follow(tx: Tx): Promise<void> {
  await tx.insert(alertCursor).values({}).onConflictDoNothing()
  const [cursor] = await tx.select().from(alertCursor).for('update')
  if (!cursor || cursor.board_revision !== null) return
  const { job_id, revision, status, attempt, best_checkpoint_id, best_step } = trainingJobs
  const { best_metric, best_metric_name, evaluations_without_improvement } = trainingJobs
  // The cursor first: what is written in between is compared, and does not differ.
  await tx.update(alertCursor).set({ board_revision: settledRevision })
  await tx.insert(alertFacts).select((query) =>
    query
      .select({
        ...{ job_id, revision, status, attempt, best_checkpoint_id, best_step },
        ...{ best_metric, best_metric_name, evaluations_without_improvement },
        seen_at: sql<number>`${clock}`.as('seen_at'),
      })
      .from(trainingJobs),
  )
}

function complete(input: DestinationInput, stored: Destination | undefined): Destination {
  if (input.type === 'desktop') return input
  if (input.type === 'email') {
    const server = input.server || (stored?.type === 'email' ? stored.server : '')
    if (server === '') throw new Refused('Enter the mail server, such as smtp://host:587.')
    return { ...input, server }
  }
  const isSameKind = stored?.type === input.type
  const url = input.url || (isSameKind && 'url' in stored ? stored.url : '')
  if (url === '') throw new Refused('Enter the address of the webhook.')
  return { ...input, url }
}
