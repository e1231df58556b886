import type { Role } from '@bestmark/core'
import { api } from '../api.ts'
import { AdminChange } from './adminChange.svelte.ts'

/** A link that is shown once, and whose it is. */
export interface ShownLink {
  email: string
  link: string
  isNewPassword: boolean
}

/** What an admin changes on the page of access. */
export class PeoplePage extends AdminChange<ShownLink> {
  /** Invites a person; returns whether that succeeded. */
  invite(email: string, role: Role): Promise<boolean> {
    return this.change(async () => {
      const { secret } = await api.people.invite.mutate({ email, role })
      this.shown = { email, link: linkOf(secret), isNewPassword: false }
    })
  }

  withdraw(invitation_id: string, email: string): Promise<boolean> {
    return this.change(async () => {
      await api.people.withdraw.mutate({ invitation_id })
      this.done = `The invitation of ${email} has ended.`
    })
  }

  changeRole(person_id: string, role: Role): Promise<boolean> {
    return this.change(async () => {
      const { name } = await api.people.changeRole.mutate({ person_id, role })
      this.done = `${name} has the role ${role} now.`
    })
  }

  resetPassword(person_id: string, email: string): Promise<boolean> {
    return this.change(async () => {
      const { secret } = await api.people.resetPassword.mutate({ person_id })
      this.shown = { email, link: linkOf(secret), isNewPassword: true }
    })
  }

  endSessions(person_id: string, name: string): Promise<boolean> {
    return this.change(async () => {
      await api.people.endSessions.mutate({ person_id })
      this.done = `${name} is signed out in all browsers.`
    })
  }

  remove(person_id: string): Promise<boolean> {
    return this.change(async () => {
      const { name } = await api.people.remove.mutate({ person_id })
      this.done = `${name} has no access any more.`
    })
  }
}

function linkOf(secret: string): string {
  return `${location.origin}/join?token=${secret}`
}
