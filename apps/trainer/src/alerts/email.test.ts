import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { expect, test } from 'vitest'
import { sendByEmail } from './email.ts'
import { claimedAlert } from './testing.ts'

const BOARD = 'https://board.lab.org'
const NEVER = new AbortController().signal
const PASSWORD = 'p@ss-word'

/** A mail server that knows one user, and the mails that it took. */
async function mailServer() {
  const mails: { to: string[]; text: string }[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    onAuth({ username, password }, _session, answer) {
      if (username === 'ana' && password === PASSWORD) answer(null, { user: username })
      else answer(new Error(`${password} is not the password of ${username}`))
    },
    onRcptTo({ address }, _session, answer) {
      answer(address.startsWith('nobody') ? new Error('no such mailbox') : null)
    },
    onData(stream, { envelope }, answer) {
      void text(stream).then((mail) => {
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: mail })
        answer()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  // A server that listens on a port has this kind of address.
  const { port } = server.server.address() as AddressInfo
  const dispose = () => new Promise<void>((resolve) => server.close(() => resolve()))
  return { port, mails, [Symbol.asyncDispose]: dispose }
}

const emailThrough = (server: string, to = ['ana@lab.org', 'bo@lab.org']) => {
  return { type: 'email' as const, server, from: 'board@lab.org', to }
}
const send = (server: string, to?: string[], signal = NEVER) =>
  sendByEmail(claimedAlert(), emailThrough(server, to), BOARD, signal)

test('an e-mail has the sentence and the link, for each receiver, with the password of the rule', async () => {
  await using server = await mailServer()
  const address = `smtp://ana:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`
  expect(await send(address)).toEqual({ problem: null })
  const [mail] = server.mails
  expect(mail?.to).toEqual(['ana@lab.org', 'bo@lab.org'])
  expect(mail?.text).toContain('Subject: moby: new best checkpoint')
  expect(mail?.text).toContain('Job moby: new best eval_loss 0.412 at step 500 (was 0.431 at 400)')
  expect(mail?.text).toContain('https://board.lab.org/jobs/b5')
  expect(mail?.text).toContain('From: board@lab.org')
  expect(mail?.text).not.toContain(PASSWORD)
})

test('the same alert has the same message id, so that a repeat is recognised', async () => {
  await using server = await mailServer()
  for (const _ of [1, 2]) await send(`smtp://127.0.0.1:${server.port}`)
  const ids = server.mails.map(({ text }) => /^Message-ID: (.*)$/im.exec(text)?.[1])
  expect(ids[0]).toMatch(/^<alert-7-/)
  expect(ids[0]).toBe(ids[1])
})

test('a name cannot add a header', async () => {
  await using server = await mailServer()
  const alert = claimedAlert({ job_name: 'moby\r\nBcc: evil@evil.com' })
  await sendByEmail(alert, emailThrough(`smtp://127.0.0.1:${server.port}`), BOARD, NEVER)
  expect(server.mails[0]?.to).toEqual(['ana@lab.org', 'bo@lab.org'])
  expect(server.mails[0]?.text).not.toMatch(/^Bcc:/im)
})

test('a wrong password is reported without the password', async () => {
  await using server = await mailServer()
  const { problem } = await send(`smtp://ana:wrong-secret@127.0.0.1:${server.port}`)
  expect(problem).toMatchObject({ code: 'smtp', errno: 'EAUTH', status: 535 })
  expect(JSON.stringify(problem)).not.toContain('wrong-secret')
})

test('a receiver that the server refuses is reported', async () => {
  await using server = await mailServer()
  const { problem } = await send(`smtp://127.0.0.1:${server.port}`, ['nobody@lab.org'])
  expect(problem).toMatchObject({ code: 'smtp', errno: 'EENVELOPE', status: 550 })
})

test('a server that is not there and one that does not answer have different errors', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const late = await send(`smtp://127.0.0.1:${port}`, undefined, AbortSignal.timeout(100))
  expect(late.problem).toEqual({ code: 'timeout' })
  silent.close()
  const gone = await send(`smtp://127.0.0.1:${port}`)
  expect(gone.problem).toEqual({ code: 'network', errno: 'ECONNREFUSED' })
})
