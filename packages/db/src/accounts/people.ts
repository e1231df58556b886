import type { Role } from '@bestmark/core'
import { and, asc, eq, isNull, ne, sql } from 'drizzle-orm'
import type { Database, Orm } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { invitations, people, sessions } from '../schema.ts'
import { Refused } from '../values/refused.ts'

/** Somebody with an account. */
export interface Person {
  person_id: string
  name: string
  email: string
  role: Role
}

/** A person for the list of people. */
export interface ListedPerson extends Person {
  created_at: number
  /** How many browsers are signed in. */
  sessions: number
  /** The last use of one of them, to the day; null if there is none. */
  used_at: number | null
}

/** A connection, or a transaction. */
export type Rows = Orm | Parameters<Parameters<Orm['transaction']>[0]>[0]

export const PERSON = {
  person_id: people.id,
  name: people.name,
  email: people.email,
  role: people.role,
}

/** All people who may sign in, by their names. */
export async function listPeople(db: Database): Promise<ListedPerson[]> {
  return db.orm
    .select({
      ...PERSON,
      created_at: sql<number>`${people.created_at}`,
      sessions: sql<number>`count(${sessions.id})::int`,
      used_at: sql<number | null>`max(${sessions.updated_at})::float8`,
    })
    .from(people)
    .leftJoin(
      sessions,
      and(eq(sessions.person_id, people.id), sql`${sessions.expires_at} > ${clock}`),
    )
    .where(isNull(people.removed_at))
    .groupBy(people.id)
    .orderBy(asc(people.name), asc(people.id))
}

/** The person with an id or an e-mail address. Throws Refused if nobody has it. */
export async function personNamed(db: Database, text: string): Promise<Person> {
  const named = text.trim().toLowerCase()
  const found = (await listPeople(db)).find(
    ({ person_id, email }) => person_id === named || email === named,
  )
  if (!found) throw new Refused(`Nobody has the account ${text}. List them: bestmark people`)
  const { person_id, name, email, role } = found
  return { person_id, name, email, role }
}

/** Whether the board has an admin who can sign in. */
export async function hasAdmin(db: Database): Promise<boolean> {
  const isAdmin = and(eq(people.role, 'admin'), isNull(people.removed_at))
  const [one] = await db.orm.select({ id: people.id }).from(people).where(isAdmin).limit(1)
  return one !== undefined
}

/** Gives a person another role. Throws Refused for the last admin. */
export async function changeRole(db: Database, person_id: string, role: Role): Promise<Person> {
  return changed(db, person_id, role !== 'admin', { role })
}

/** Ends the access of a person at once. Throws Refused for the last admin. */
export async function removePerson(db: Database, person_id: string): Promise<Person> {
  return changed(db, person_id, true, { removed_at: clock })
}

/** Ends all sessions of a person; returns how many there were. */
export async function endSessions(db: Database, person_id: string): Promise<number> {
  const ended = await db.orm
    .delete(sessions)
    .where(eq(sessions.person_id, person_id))
    .returning({ id: sessions.id })
  return ended.length
}

type Change = { role: Role } | { removed_at: typeof clock }

async function changed(
  db: Database,
  person_id: string,
  leavesAdmins: boolean,
  change: Change,
): Promise<Person> {
  return db.orm.transaction(async (tx) => {
    await oneAtATime(tx)
    if (leavesAdmins) await assertOtherAdmin(tx, person_id)
    const [person] = await tx
      .update(people)
      .set({ ...change, updated_at: new Date() })
      .where(and(eq(people.id, person_id), isNull(people.removed_at)))
      .returning(PERSON)
    if (!person) throw new Refused(`Nobody has the account ${person_id}.`)
    if ('removed_at' in change) {
      await tx.delete(sessions).where(eq(sessions.person_id, person_id))
      await tx.delete(invitations).where(eq(invitations.person_id, person_id))
    }
    return person
  })
}

/** Two admins who remove each other at the same time must not both succeed. */
export async function oneAtATime(tx: Rows): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('bestmark people'))`)
}

async function assertOtherAdmin(tx: Rows, person_id: string): Promise<void> {
  const isOther = and(eq(people.role, 'admin'), isNull(people.removed_at), ne(people.id, person_id))
  const [self] = await tx.select(PERSON).from(people).where(eq(people.id, person_id))
  if (self?.role !== 'admin') return
  const [other] = await tx.select({ id: people.id }).from(people).where(isOther).limit(1)
  if (!other) {
    throw new Refused(`${self.name} is the last admin. Make another person an admin first.`)
  }
}
