import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import Provider from 'oidc-provider'

/** Whom the provider knows, by the name that a person enters there. */
export interface Known {
  name: string
  email: string
  email_verified: boolean
}

/** A real provider of OpenID Connect for one client, with its own page to sign in. */
export interface TestProvider extends AsyncDisposable {
  issuer: string
  /** Allows the address to which browsers come back. */
  allow: (board: string) => void
}

export const CLIENT = { id: 'bestmark', secret: 'the-secret-of-the-client' }

export async function startProvider(known: Record<string, Known>): Promise<TestProvider> {
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined
  const server = createServer((request, response) => answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
  const allow = (board: string): void => {
    const provider = providerOf(issuer, board, known)
    const serve = provider.callback()
    answer = (request, response) => {
      const uid = /^\/interaction\/([\w-]+)/.exec(request.url ?? '')?.[1]
      if (uid === undefined) return void serve(request, response)
      interact(provider, request, response).catch((error: Error) => response.destroy(error))
    }
  }
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
  }
  return { issuer, allow, [Symbol.asyncDispose]: close }
}

function providerOf(issuer: string, board: string, known: Record<string, Known>): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${board}/sign-in/callback/oidc`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_context, sub) => {
      const found = new Map(Object.entries(known)).get(sub)
      return found && { accountId: sub, claims: () => ({ sub, ...found }) }
    },
  })
}

/** Asks who somebody is, and grants what the client asked for. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
  if (prompt.name === 'consent') {
    const client_id = String(params['client_id'])
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session?.accountId ?? '', clientId: client_id })
    grant?.addOIDCScope('openid email profile')
    const consent = { grantId: await grant?.save() }
    return provider.interactionFinished(request, response, { consent })
  }
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html')
    response.end('<form method="post"><label>Who <input name="who"></label><button>Go on</button>')
    return
  }
  const accountId = new URLSearchParams(await text(request)).get('who') ?? ''
  const result = accountId ? { login: { accountId } } : { error: 'access_denied' }
  return provider.interactionFinished(request, response, result)
}
