/** What a caller of the board may do; each scope includes those before it. */
export const SCOPES = ['read', 'write', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** The longest time until the token of a program expires (days). */
export const LONGEST_TOKEN = 366

/** Whether a caller with the scope `held` may do what needs the scope `needed`. */
export function includesScope(held: Scope, needed: Scope): boolean {
  return SCOPES.indexOf(held) >= SCOPES.indexOf(needed)
}
