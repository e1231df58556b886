/** The link of an invitation, of the first account, or of a new password. */
export function joinLink(open: string, secret: string): string {
  return `${open}/join?token=${secret}`
}
