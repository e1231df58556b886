import { TrainingEvent } from '@bestmark/core'
import { type Database, recordFacts, registerJob } from '@bestmark/db'
import { type TestDatabase, testDatabase } from '@bestmark/db/testing'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LINK } from './caller.ts'
import { httpOptions } from './httpOptions.ts'

/** A board over real HTTP with a fresh database, for tests of tools. */
export interface TestBoard extends AsyncDisposable {
  url: string
  token: string
  db: TestDatabase
  /** Puts a running job on the board and returns its id. */
  newJob(name?: string): Promise<string>
  /** Records events in the form of journal lines; the default attempt is 0. */
  recordEvents(job_id: string, ...lines: JournalLine[]): Promise<void>
  /** Breaks every open connection, as a proxy or a sleeping laptop does. */
  cut(): void
  /** How many subscriptions were opened, resumed ones included. */
  subscriptions: { lastEventId: string | null }[]
}

export type JournalLine = { type: TrainingEvent['type'] } & Record<string, unknown>

export async function testBoard(): Promise<TestBoard> {
  const db = await testDatabase()
  const token = randomUUID()
  const subscriptions: TestBoard['subscriptions'] = []
  const handle = createHTTPHandler({
    ...httpOptions,
    basePath: '/trpc/',
    createContext: ({ req }) => ({
      db,
      caller: req.headers.authorization === `Bearer ${token}` ? LINK : undefined,
    }),
  })
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/trpc/watch')) {
      const id = request.headers['last-event-id']
      subscriptions.push({ lastEventId: typeof id === 'string' ? id : null })
    }
    handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await db[Symbol.asyncDispose]()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    db,
    newJob: (name) => newJob(db, name),
    recordEvents: (job_id, ...lines) => recordLines(db, job_id, lines),
    cut: () => server.closeAllConnections(),
    subscriptions,
    [Symbol.asyncDispose]: close,
  }
}

/** Puts a running job on a board and returns its id. */
export async function newJob(db: Database, name = 'moby'): Promise<string> {
  const job_id = randomUUID()
  const host = { host_id: randomUUID(), host: 'workstation', root: `/runs/${name}` }
  const facts = { name, project: 'examples', status: 'running', source: 'journal' } as const
  await registerJob(db, { job_id, ...host, ...facts, is_stoppable: true })
  return job_id
}

/** Records events in the form of journal lines; the default attempt is 0. */
export async function recordLines(
  db: Database,
  job_id: string,
  lines: readonly JournalLine[],
): Promise<void> {
  const events = lines.map((line) => TrainingEvent.parse({ attempt: 0, at: null, ...line }))
  await recordFacts(db, job_id, events)
}
