import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { ClaimedAlert } from '@bestmark/db'

/** What a webhook received. */
export interface Received {
  path: string
  type: string | undefined
  body: string
}

/** A server that takes webhooks; `answer` may refuse one, or not answer at all. */
export async function webhookServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => {
    response.end('ok')
  },
): Promise<{ url: string; received: Received[] } & AsyncDisposable> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', type: request.headers['content-type'], body })
      answer(response, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on a port has this kind of address.
  const { port } = server.address() as AddressInfo
  const dispose = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${port}`, received, [Symbol.asyncDispose]: dispose }
}

/** A message that is claimed, about a new best. */
export function claimedAlert(change: Partial<ClaimedAlert> = {}): ClaimedAlert {
  return {
    ...{ alert_id: 7, rule_id: '0c8f6a4e-7f0e-4b1c-9d57-0a51c4a8b001', tries: 1 },
    ...{ job_id: 'b5', job_name: 'moby', project: 'char-lm', created_at: 1_700_000_000_000 },
    ...{ next_try_at: null, delivered_at: null, problem: null },
    destination: { type: 'desktop' },
    alert: {
      kind: 'new_best',
      best: { metric: 'eval_loss', value: 0.412, step: 500 },
      previous: { metric: 'eval_loss', value: 0.431, step: 400 },
    },
    ...change,
  }
}
