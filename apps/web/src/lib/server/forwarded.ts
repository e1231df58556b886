import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Serving } from '@bestmark/api/board'

/** The headers in which the server tells the pages about a client. No client can send them. */
export const CLIENT = { protocol: 'x-bestmark-protocol', address: 'x-bestmark-address' } as const

/** Takes what is true about the client of a request into its headers. */
export type ReadClient = (request: IncomingMessage) => void

/** Removes what a client says about itself. */
export const readNothing: ReadClient = forwardedBy({ isProxy: () => false })

/**
 * Takes the headers of a proxy as the client's protocol, address and host. From anybody else they
 * are removed.
 */
export function forwardedBy({ isProxy }: Pick<Serving, 'isProxy'>): ReadClient {
  return ({ headers, socket }) => {
    const direct = socket.remoteAddress ?? ''
    let protocol = socket instanceof TLSSocket ? 'https' : 'http'
    let address = direct
    if (isProxy(direct)) {
      const said = listIn(headers['x-forwarded-proto']).at(-1)
      if (said === 'https' || said === 'http') protocol = said
      const host = listIn(headers['x-forwarded-host']).at(-1)
      if (host !== undefined) headers.host = host
      // Each proxy adds the address from which it was called. Those before the last one that is no
      // proxy may be invented.
      const path = [...listIn(headers['x-forwarded-for']), direct].reverse()
      address = path.find((one) => !isProxy(one)) ?? direct
    }
    for (const name of Object.keys(headers)) {
      const isForwarded = name === 'forwarded' || name.startsWith('x-forwarded-')
      if (isForwarded) Reflect.deleteProperty(headers, name)
    }
    headers[CLIENT.protocol] = protocol
    headers[CLIENT.address] = address
  }
}

function listIn(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join() : (header ?? '')
  return text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
}
