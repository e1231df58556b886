/** Why a password opened nothing. */
export function signInRefusal(refused: 'wrong' | 'tries'): string {
  if (refused === 'wrong') return 'The e-mail address or the password is wrong.'
  return 'Too many tries to sign in. Wait 15 minutes, then try again.'
}

const UNVERIFIED =
  'Your organisation does not say that your e-mail address is yours. Ask its admin.'

const PROVIDER = new Map(
  Object.entries({
    domain: 'Your e-mail address is not of an organisation that this board accepts. Ask an admin.',
    account_not_linked: UNVERIFIED,
    unverified: UNVERIFIED,
    access_denied: 'Your organisation did not let you sign in.',
    unable_to_create_session: 'Your account was removed from this board. Ask an admin.',
    state_mismatch: 'The sign-in took too long, or began in another browser. Try again.',
  }),
)

/** Why the answer of a provider opened nothing; the code comes from an address. */
export function providerRefusal(code: string): string {
  return (
    PROVIDER.get(code) ?? 'The sign-in with your organisation failed. Try again, or ask an admin.'
  )
}
