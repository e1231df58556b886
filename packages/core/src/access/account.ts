import { z } from 'zod'

/** The e-mail address of an account. */
export const AccountEmail = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.email({ error: 'must be an e-mail address' }).max(254))

/** The fewest characters of a password, and the most. */
export const PASSWORD_LENGTH = { least: 12, most: 128 }

/** How long an invitation, or a link to a new password, can be used (ms). */
export const INVITATION_LASTS = 7 * 24 * 60 * 60 * 1000
