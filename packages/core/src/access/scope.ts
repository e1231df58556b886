import { visible } from '../visible.ts'

/** What a caller of the board may do; each scope includes those before it. */
export const SCOPES = ['read', 'write', 'admin'] as const

export type Scope = (typeof SCOPES)[number]

/** The scope to send the journals of one job or one project, and nothing else. It includes no other. */
export const INGEST = 'ingest'

/** What a token may allow. */
export const TOKEN_SCOPES = [...SCOPES, INGEST] as const

export type TokenScope = (typeof TOKEN_SCOPES)[number]

/** The longest time until the token of a program expires (days). */
export const LONGEST_TOKEN = 366

/** Whether a caller with the scope `held` may do what needs the scope `needed`. */
export function includesScope(held: TokenScope, needed: Scope): boolean {
  const scopes: readonly TokenScope[] = SCOPES
  return scopes.indexOf(held) >= scopes.indexOf(needed)
}

/** The scope of a token in words, with the job or the project that it is limited to. */
export function scopeText(token: {
  scope: TokenScope
  job_id: string | null
  project: string | null
}): string {
  const { scope, job_id, project } = token
  if (project !== null) return `${scope} of project ${visible(project)}`
  return job_id === null ? scope : `${scope} of job ${job_id}`
}
