import type { ApiToken, AuditEntry } from '../api.ts'

export type TokenState = 'valid' | 'expired' | 'revoked'

/** Whether a token gives access now. */
export function tokenState({ revoked_at, expires_at }: ApiToken, now: number): TokenState {
  if (revoked_at !== null) return 'revoked'
  return expires_at <= now ? 'expired' : 'valid'
}

/** Who wrote. */
export function callerText({ caller, name }: AuditEntry): string {
  if (caller === 'link') return 'somebody with the link'
  return caller === 'person' ? (name ?? '') : `${caller} ${name}`
}

/** How a write ended. */
export function outcomeText({ outcome }: AuditEntry): string {
  if (outcome === null) return 'outcome unknown'
  return outcome === 'done' ? 'done' : `failed (${outcome})`
}

/** What a write changed: one text per field of its input. */
export function subjectTexts({ subject }: AuditEntry): string[] {
  return Object.entries(subject).map(([field, value]) => {
    const names = Array.isArray(value) ? value : [value]
    return `${field} ${names.join(', ')}`
  })
}
