import type { Role } from '@bestmark/core'
import { genericOAuth } from 'better-auth/plugins/generic-oauth'

/** The provider by which people may sign in, with OpenID Connect. */
export interface OidcOptions {
  /** Its address, as in its tokens. */
  issuer: string
  client_id: string
  client_secret: string
  /** The ends of e-mail addresses that may have an account, such as `lab.org`. */
  domains: readonly string[]
  /** The role of a person who signs in for the first time. */
  role: Role
}

/** The id of the provider in addresses and rows. */
export const OIDC = 'oidc'

/** Makes the library speak with the provider. */
export function oidcPlugin({ issuer, client_id, client_secret }: OidcOptions) {
  return genericOAuth({
    config: [
      {
        providerId: OIDC,
        discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
        clientId: client_id,
        clientSecret: client_secret,
        scopes: ['openid', 'email', 'profile'],
        pkce: true,
        requireIdTokenVerification: true,
        mapProfileToUser: (profile) => ({ name: nameOf(profile) }),
      },
    ],
  })
}

function nameOf({ name, preferred_username, email }: Record<string, unknown>): string {
  const named = [name, preferred_username, email].find((text) => typeof text === 'string' && text)
  return typeof named === 'string' ? named.slice(0, 100) : ''
}

/** Why somebody whom the provider knows gets no account; undefined if they get one. */
export function oidcRefusal(
  oidc: OidcOptions | undefined,
  { email, emailVerified }: { email?: unknown; emailVerified?: unknown },
): { error: OidcRefusal } | undefined {
  const domain = typeof email === 'string' ? email.toLowerCase().split('@').at(-1) : undefined
  if (!oidc || !domain || !oidc.domains.includes(domain)) return { error: 'domain' }
  return emailVerified === true ? undefined : { error: 'unverified' }
}

export type OidcRefusal = 'domain' | 'unverified'
