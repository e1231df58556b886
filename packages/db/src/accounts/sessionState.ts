import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm'
import { audited } from '../access/audit.ts'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { people, sessions } from '../schema.ts'

/** Whether a person was removed, and so gets no session. */
export async function isRemoved(db: Database, person_id: string): Promise<boolean> {
  const isThis = and(eq(people.id, person_id), isNotNull(people.removed_at))
  const [row] = await db.orm.select({ id: people.id }).from(people).where(isThis)
  return row !== undefined
}

/** Adds to the audit that a person signed in, with a password or at the provider. */
export async function noteSignIn(db: Database, person_id: string): Promise<void> {
  const { name } = people
  const [person] = await db.orm.select({ name }).from(people).where(eq(people.id, person_id))
  const who = { caller: 'person', token_id: null, person_id, name: person?.name ?? null } as const
  const entry = { ...who, procedure: 'people.signIn', subject: {} }
  await audited(
    db,
    entry,
    async () => undefined,
    () => 'done',
  )
}

/** Whether a session gives access now. */
export async function isSessionOpen(db: Database, session_id: string): Promise<boolean> {
  const isOpen = and(
    eq(sessions.id, session_id),
    sql`${sessions.expires_at} > ${clock}`,
    isNull(people.removed_at),
  )
  const [row] = await db.orm
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(people, eq(people.id, sessions.person_id))
    .where(isOpen)
  return row !== undefined
}
