import type { Scope } from './scope.ts'

/** What each role of a person allows. */
export const ROLE_SCOPES = {
  viewer: 'read',
  member: 'write',
  admin: 'admin',
} as const satisfies Record<string, Scope>

export type Role = keyof typeof ROLE_SCOPES

/** The roles of people, from the least to the most. */
export const ROLES = Object.keys(ROLE_SCOPES) as [Role, ...Role[]]
