import { AccountEmail, ROLES } from '@bestmark/core'
import {
  changeRole,
  endSessions,
  invite,
  listInvitations,
  listPeople,
  personNamed,
  removePerson,
  resetPassword,
  withdrawInvitation,
} from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const adminProcedure = procedure.meta({ scope: 'admin' })

const PersonInput = z.object({ person_id: Id })
const Role = z.enum(ROLES)

/** The people with an account, for admins. Each secret is in one answer only. */
export const people = router({
  /** All people who may sign in. */
  list: adminProcedure.query(({ ctx }) => listPeople(ctx.db)),

  /** The invitations that nobody accepted yet. */
  invitations: adminProcedure.query(({ ctx }) => listInvitations(ctx.db)),

  /** Invites a person; the secret is the end of the link `/join?token=…`. */
  invite: adminProcedure
    .input(z.object({ email: AccountEmail, role: Role }))
    .mutation(async ({ ctx, input }) => ({ secret: await invite(ctx.db, input) })),

  /** Ends an invitation. */
  withdraw: adminProcedure
    .input(z.object({ invitation_id: Id }))
    .mutation(({ ctx, input }) => withdrawInvitation(ctx.db, input.invitation_id)),

  /** Gives a person another role. */
  changeRole: adminProcedure
    .input(PersonInput.extend({ role: Role }))
    .mutation(({ ctx, input }) => changeRole(ctx.db, input.person_id, input.role)),

  /** Makes a link by which a person chooses a new password. */
  resetPassword: adminProcedure.input(PersonInput).mutation(async ({ ctx, input }) => {
    const person = await personNamed(ctx.db, input.person_id)
    return { secret: await resetPassword(ctx.db, person) }
  }),

  /** Signs a person out in all browsers; returns in how many. */
  endSessions: adminProcedure
    .input(PersonInput)
    .mutation(({ ctx, input }) => endSessions(ctx.db, input.person_id)),

  /** Ends the access of a person. */
  remove: adminProcedure
    .input(PersonInput)
    .mutation(({ ctx, input }) => removePerson(ctx.db, input.person_id)),
})
