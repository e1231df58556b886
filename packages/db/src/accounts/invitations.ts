import { AccountEmail, INVITATION_LASTS, PASSWORD_LENGTH, type Role } from '@bestmark/core'
import { and, asc, eq, gt, isNotNull, isNull, or, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { clock } from '../rows/clock.ts'
import { invitations, people, sessions, signInWays } from '../schema.ts'
import { Refused } from '../values/refused.ts'
import { storable } from '../values/storable.ts'
import { hasAdmin, oneAtATime, PERSON, type Person, type Rows } from './people.ts'
import { digestOf, newSecret } from './secrets.ts'

/** What the link of an invitation is for. */
export interface Invitation {
  invitation_id: string
  /** The person who gets a new password; null for a new person. */
  person_id: string | null
  /** Null for the first person, who chooses it. */
  email: string | null
  role: Role
}

/** What a person enters to accept an invitation. */
export interface Entered {
  name: string
  email: string
  password: string
}

const { invitation_id, person_id, email, role } = invitations
const SHOWN = { invitation_id, person_id, email, role }

/** An e-mail address as it is stored. Throws Refused if it is none. */
function emailOf(text: string): string {
  const parsed = AccountEmail.safeParse(storable(text))
  if (!parsed.success) throw new Refused(`"${text}" is no e-mail address.`)
  return parsed.data
}

/** Invites a person; returns the secret of the link, which is not stored. */
export async function invite(db: Database, given: { email: string; role: Role }): Promise<string> {
  const address = emailOf(given.email)
  const isHere = and(eq(people.email, address), isNull(people.removed_at))
  const [here] = await db.orm.select(PERSON).from(people).where(isHere)
  if (here) throw new Refused(`${here.name} already has the account ${address}.`)
  // A new invitation replaces an earlier one, which may be in the wrong hands.
  await db.orm.delete(invitations).where(and(eq(email, address), isNull(invitations.used_at)))
  return stored(db, { email: address, role: given.role })
}

/** Makes a link by which a person chooses a new password; returns its secret. */
export async function resetPassword(db: Database, person: Person): Promise<string> {
  const isEarlier = and(eq(person_id, person.person_id), isNull(invitations.used_at))
  await db.orm.delete(invitations).where(isEarlier)
  return stored(db, { person_id: person.person_id, email: person.email, role: person.role })
}

async function stored(
  db: Database,
  what: { person_id?: string; email: string; role: Role },
): Promise<string> {
  const secret = newSecret()
  const expires_at = sql`${clock} + ${INVITATION_LASTS}::float8`
  const row = { ...what, digest: digestOf(secret), created_at: clock, expires_at }
  await db.orm.insert(invitations).values(row)
  return secret
}

/** An invitation that nobody accepted yet. */
export interface OpenInvitation {
  invitation_id: string
  email: string
  role: Role
  expires_at: number
}

/** The invitations of new people that can still be accepted. */
export async function listInvitations(db: Database): Promise<OpenInvitation[]> {
  const isOpen = and(
    isNull(invitations.used_at),
    isNull(person_id),
    isNotNull(email),
    gt(invitations.expires_at, clock),
  )
  return db.orm
    .select({
      invitation_id,
      email: sql<string>`${email}`,
      role,
      expires_at: sql<number>`${invitations.expires_at}`,
    })
    .from(invitations)
    .where(isOpen)
    .orderBy(asc(email))
}

/** Ends an invitation that nobody accepted yet. */
export async function withdrawInvitation(db: Database, id: string): Promise<void> {
  await db.orm
    .delete(invitations)
    .where(and(eq(invitation_id, id), isNull(invitations.used_at), isNotNull(email)))
}

/** Lets the holder of a secret become the first admin, if there is none. */
export async function inviteFirst(db: Database, secret: string): Promise<void> {
  const row = { digest: digestOf(secret), role: 'admin', created_at: clock } as const
  const again = { target: invitations.digest, set: { used_at: null } }
  await db.orm.insert(invitations).values(row).onConflictDoUpdate(again)
}

/** The invitation of a secret; undefined if there is none that can be used. */
export async function invitationOf(db: Database, secret: string): Promise<Invitation | undefined> {
  const isOpen = and(
    eq(invitations.digest, digestOf(secret)),
    isNull(invitations.used_at),
    or(isNull(invitations.expires_at), gt(invitations.expires_at, clock)),
  )
  const [found] = await db.orm.select(SHOWN).from(invitations).where(isOpen)
  // Once there is an admin, only an admin invites.
  if (found?.email === null && (await hasAdmin(db))) return undefined
  return found
}

/** The link was used, replaced, or is too old. */
class InvitationEnded extends Refused {
  constructor() {
    super('This link was used or has ended. Ask an admin for a new one.')
  }
}

/**
 * Makes the account or the new password of an invitation, once. Returns the person. Throws Refused
 * for what cannot be accepted; then the link still works.
 */
export async function acceptInvitation(
  db: Database,
  secret: string,
  entered: Entered,
  hash: (password: string) => Promise<string>,
): Promise<Person> {
  const invitation = await invitationOf(db, secret)
  if (!invitation) throw new InvitationEnded()
  assertPassword(entered.password)
  const password = await hash(entered.password)
  return db.orm.transaction(async (tx) => {
    await oneAtATime(tx)
    await claim(tx, invitation)
    const person = invitation.person_id
      ? await personWithNewPassword(tx, invitation.person_id)
      : await newPerson(tx, invitation, entered)
    await setPassword(tx, person.person_id, password)
    return person
  })
}

/** Throws Refused if a password is too short or too long. */
export function assertPassword({ length }: string): void {
  const { least, most } = PASSWORD_LENGTH
  if (length >= least && length <= most) return
  throw new Refused(`A password has ${least} to ${most} characters; this one has ${length}.`)
}

async function claim(tx: Rows, invitation: Invitation): Promise<void> {
  const isOpen = and(eq(invitation_id, invitation.invitation_id), isNull(invitations.used_at))
  const claimed = await tx
    .update(invitations)
    .set({ used_at: clock })
    .where(isOpen)
    .returning(SHOWN)
  if (claimed.length === 0) throw new InvitationEnded()
  if (invitation.email !== null) return
  const isAdmin = and(eq(people.role, 'admin'), isNull(people.removed_at))
  const [admin] = await tx.select({ id: people.id }).from(people).where(isAdmin).limit(1)
  if (admin) throw new InvitationEnded()
}

async function personWithNewPassword(tx: Rows, id: string): Promise<Person> {
  const isHere = and(eq(people.id, id), isNull(people.removed_at))
  const [person] = await tx.select(PERSON).from(people).where(isHere)
  if (!person) throw new InvitationEnded()
  await tx.delete(sessions).where(eq(sessions.person_id, id))
  return person
}

/** A person who was removed gets the same row again, so that the ledger names one person. */
async function newPerson(tx: Rows, invitation: Invitation, entered: Entered): Promise<Person> {
  const name = storable(entered.name.trim()).slice(0, 100)
  if (!name) throw new Refused('Enter a name. The ledger shows it beside what you decide.')
  const now = new Date()
  const facts = { name, role: invitation.role, email_verified: true, updated_at: now }
  const address = invitation.email ?? emailOf(entered.email)
  const [person] = await tx
    .insert(people)
    .values({ ...facts, email: address, created_at: now })
    .onConflictDoUpdate({
      target: people.email,
      set: { ...facts, removed_at: null },
      setWhere: sql`${people.removed_at} is not null`,
    })
    .returning(PERSON)
  if (!person) throw new Refused(`The address ${address} already has an account.`)
  return person
}

/** Replaces the password of a person. */
export async function setPassword(tx: Rows, id: string, password: string): Promise<void> {
  const now = new Date()
  const way = { person_id: id, provider_id: 'credential', account_id: id, password }
  await tx
    .insert(signInWays)
    .values({ ...way, created_at: now, updated_at: now })
    .onConflictDoUpdate({
      target: [signInWays.provider_id, signInWays.account_id],
      set: { password, updated_at: now },
    })
}
