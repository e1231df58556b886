import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { Bucket } from './bucket.ts'

/** A Python with an S3 server; undefined if none is set. */
export const python = process.env['BESTMARK_S3_PYTHON']
/** Added to the names of skipped tests: why they are skipped. */
export const why = python
  ? ''
  : ' (skipped: BESTMARK_S3_PYTHON names no Python with moto; .ci/python .ci/s3server.txt makes one)'

const Reach = z.object({
  endpoint: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
})
type Reach = z.infer<typeof Reach>

/** An S3 server with the empty bucket `models`. */
export async function s3Server(): Promise<Reach & AsyncDisposable> {
  const script = join(import.meta.dirname, 'testServer.py')
  const child = spawn(python ?? 'python3', [script], { stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const reach = Reach.parse(JSON.parse((await lines.next()).value ?? ''))
  const dispose = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return { ...reach, [Symbol.asyncDispose]: dispose }
}

/** The bucket of a test server. */
export function bucketOf({ endpoint, ...credentials }: Reach): Bucket {
  const reach = { address: `${endpoint}/models`, region: 'us-east-1', tries: 1, time_limit: 30 }
  return new Bucket({ ...reach, credentials }, new AbortController().signal)
}

/** What a proxy does with a request in place of the server: breaks the connection, or answers. */
export type Fault = 'drop' | 'drop_answer' | { status: number; body?: string }

/** A request that passed a proxy, such as `PUT /models/a?partNumber=1`. */
export type Seen = string

/** A proxy before a server that answers some requests itself, and keeps what passed. */
export async function faultyProxy(endpoint: string) {
  const proxy = {
    /** Called with each request before the server gets it. */
    fault: (_seen: Seen): Fault | undefined | Promise<Fault | undefined> => undefined,
    seen: [] as Seen[],
    /** How many bytes of answers passed. */
    answered: 0,
    endpoint: '',
  }
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const what = `${incoming.method} ${decodeURIComponent(incoming.url ?? '')}`
    proxy.seen.push(what)
    const fault = await proxy.fault(what)
    if (fault === 'drop') incoming.socket.destroy()
    else if (fault && fault !== 'drop_answer') {
      await buffer(incoming)
      outgoing.writeHead(fault.status).end(fault.body ?? '')
    } else {
      const count = (bytes: number): void => void (proxy.answered += bytes)
      pass(endpoint, { incoming, outgoing, count }, fault === 'drop_answer')
    }
  }
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  proxy.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dispose = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((closed) => void server.close(() => closed()))
  }
  return Object.assign(proxy, { [Symbol.asyncDispose]: dispose })
}

interface Passing {
  incoming: IncomingMessage
  outgoing: ServerResponse
  count: (bytes: number) => void
}

function pass(endpoint: string, { incoming, outgoing, count }: Passing, isDropped: boolean): void {
  const { method, headers } = incoming
  // The signature covers the host, so it stays.
  const onward = request(`${endpoint}${incoming.url}`, { method, headers }, (answer) => {
    if (isDropped) {
      answer.resume()
      answer.once('end', () => incoming.socket.destroy())
      return
    }
    answer.on('data', (piece: Buffer) => count(piece.length))
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(outgoing)
  })
  onward.once('error', () => incoming.socket.destroy())
  incoming.pipe(onward)
}
