import { openDatabase } from '@bestmark/db'
import { TestProxy } from '@bestmark/db/testing'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINK } from './caller.ts'
import { createClient } from './client.ts'
import { httpOptions } from './httpOptions.ts'
import { createCaller } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
beforeAll(async () => {
  board = await testBoard()
})
afterAll(() => board[Symbol.asyncDispose]())

const openThrough = (databaseUrl: string) => openDatabase({ home: '/nowhere', databaseUrl })

/** The API over HTTP, with a database behind a proxy. */
async function servedThrough(proxy: TestProxy) {
  const db = await openThrough(proxy.databaseUrl)
  const handler = createHTTPHandler({
    ...httpOptions,
    basePath: '/trpc/',
    createContext: () => ({ db, caller: LINK }),
  })
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await db.close()
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }
}

test('a call gets 503 and one sentence while the database is silent, and later works again', async () => {
  await using proxy = await TestProxy.to(board.db.databaseUrl)
  await using api = await servedThrough(proxy)
  const ask = () => fetch(`${api.url}/trpc/jobs.list`)
  expect((await ask()).status).toBe(200)
  proxy.hang()
  // Many more calls than connections.
  const answers = await Promise.all(Array.from({ length: 50 }, ask))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
  expect(await answers[0]!.text()).toContain('The database cannot be reached.')
  proxy.recover()
  await expect.poll(async () => (await ask()).status, { timeout: 30_000 }).toBe(200)
})

test('a live stream ends with the code and the sentence of such a call if its database fails', async () => {
  const job_id = await board.newJob()
  await using proxy = await TestProxy.to(board.db.databaseUrl)
  await using api = await servedThrough(proxy)
  const client = createClient({ url: api.url, token: '' })
  let isOpen = false
  const broken = Promise.withResolvers<unknown>()
  const subscription = client.watch.subscribe(
    { jobs: [job_id] },
    {
      onData: () => (isOpen = true),
      onConnectionStateChange: ({ error }) => error && broken.resolve(error.data),
      onError: broken.reject,
    },
  )
  await expect.poll(() => isOpen).toBe(true)
  proxy.hang()
  expect(await broken.promise).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  subscription.unsubscribe()
})

test('a change that a read-only database refuses gets 503, and the message says that nothing changed', async () => {
  const job_id = await board.newJob()
  const { sql } = board.db
  const readOnly = (onOff: string) =>
    sql.unsafe(
      `alter database ${sql.options.database} set default_transaction_read_only = ${onOff}`,
    )
  await readOnly('on')
  const db = await openThrough(board.db.databaseUrl)
  const api = createCaller({ db, caller: LINK })
  expect(await api.jobs.status({ job_id })).toMatchObject({ status: 'running' })
  await expect(api.jobs.stop({ job_id })).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    message: expect.stringContaining('read-only, so nothing was changed'),
  })
  await db.close()
  await readOnly('off')
})
