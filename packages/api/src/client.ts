import { BATCH, fitsAddress, wire } from '@bestmark/core'
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client'
import { EventSource } from 'eventsource'
import type { AppRouter } from './root.ts'

export type { RouterInputs, RouterOutputs } from './root.ts'

export interface ClientOptions {
  /** The board's address, such as `http://127.0.0.1:4173`. */
  url: string
  /** What `bestmark up` printed after `?token=`, and `<data folder>/token` holds. */
  token: string
}

/** The procedures of a board, for a tool in Node. */
export type Client = TRPCClient<AppRouter>

/**
 * A client for internal tools: typed like the board's own procedures, over HTTP and server-sent
 * events. An interrupted subscription connects again and continues without a gap.
 */
export function createClient({ url, token }: ClientOptions): Client {
  const endpoint = endpointOf(url)
  const authorization = `Bearer ${token}`
  const board = { url: endpoint, transformer: wire, headers: { authorization } }
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({
          url: endpoint,
          transformer: wire,
          EventSource: withHeader(authorization),
        }),
        false: splitLink({
          condition: ({ type, input }) => type === 'query' && !fitsAddress(input),
          true: httpLink({ ...board, methodOverride: 'POST' }),
          false: httpBatchLink({ ...board, ...BATCH }),
        }),
      }),
    ],
  })
}

/**
 * The procedures below an address. A board's own name, `….localhost`, means this machine. Browsers
 * resolve it themselves; Node asks the machine's resolver, and few resolvers support it.
 */
function endpointOf(url: string): string {
  const endpoint = new URL('/trpc', url)
  if (endpoint.hostname.endsWith('.localhost')) endpoint.hostname = 'localhost'
  return endpoint.href
}

/** Node has no EventSource, and that of a browser cannot send a token. */
function withHeader(authorization: string): typeof EventSource {
  return class extends EventSource {
    constructor(url: string | URL) {
      super(url, {
        fetch: (input, init) =>
          fetch(input, { ...init, headers: { ...init.headers, authorization } }),
      })
    }
  }
}
