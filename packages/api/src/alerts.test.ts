import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINK } from './caller.ts'
import { createCaller } from './root.ts'
import { type TestBoard, testBoard } from './testing.ts'

let board: TestBoard
let api: ReturnType<typeof createCaller>
beforeAll(async () => {
  board = await testBoard()
  api = createCaller({ db: board.db, caller: LINK })
})
afterAll(() => board[Symbol.asyncDispose]())

const SECRET = 'https://hooks.slack.com/services/T0/B0/verySecretPart'
const RULE = { project: null, kinds: ['failed' as const], evaluations: 5 }
const slack = (url: string) => ({ type: 'slack' as const, url })

test('no answer has a secret of a destination', async () => {
  const [rule] = await api.alerts.rules.save({ ...RULE, destination: slack(SECRET) })
  const server = 'smtps://ana:mailPassword@mail.lab.org'
  const mail = { type: 'email' as const, server, from: 'a@lab.org', to: ['b@lab.org'] }
  await api.alerts.rules.save({ ...RULE, destination: mail })
  await api.alerts.test({ rule_id: rule?.rule_id ?? '' })
  const answers = JSON.stringify([await api.alerts.rules.list(), await api.alerts.list()])
  expect(answers).toContain('hooks.slack.com')
  expect(answers).toContain('mail.lab.org')
  expect(answers).not.toMatch(/verySecretPart|mailPassword/)
})

test('a refused address is not repeated in the error', async () => {
  const saved = api.alerts.rules.save({ ...RULE, destination: slack('ftp://verySecretPart') })
  const error: unknown = await saved.catch((error: unknown) => error)
  expect(String(error)).toContain('begins with http:// or https://')
  expect(String(error)).not.toContain('verySecretPart')
})

test('a rule has a kind at least, and a test needs a rule', async () => {
  await expect(
    api.alerts.rules.save({ ...RULE, kinds: [], destination: { type: 'desktop' } }),
  ).rejects.toThrow('choose at least one kind')
  const rule_id = '0c8f6a4e-7f0e-4b1c-9d57-0a51c4a8b001'
  await expect(api.alerts.test({ rule_id })).rejects.toThrow('removed')
})

test('nobody without the token sees or changes a rule', async () => {
  const stranger = createCaller({ db: board.db, caller: undefined })
  await expect(stranger.alerts.rules.list()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  const change = stranger.alerts.rules.save({ ...RULE, destination: { type: 'desktop' } })
  await expect(change).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})
