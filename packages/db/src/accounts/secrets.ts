import { createHash, randomBytes } from 'node:crypto'

/** A secret of 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is stored of a text that nobody can guess. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
