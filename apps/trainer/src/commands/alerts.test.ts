import { addTestAlert, alertFailed, claimAlerts, saveRule } from '@bestmark/db'
import { expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const alerts = (...words: string[]) => command(['alerts', ...words], { env: here.env })

test('a board without rules has nothing to list', async () => {
  expect(await alerts()).toMatchObject({
    ...{ code: 1, stdout: '' },
    stderr: expect.stringContaining('No alert has a rule.'),
  })
})

test('rules and messages are listed with their errors and without secrets', async () => {
  const { db } = here.board
  const url = 'https://hooks.slack.com/services/T0/B0/verySecretPart'
  const kinds = ['failed' as const, 'no_improvement' as const]
  const destination = { type: 'slack' as const, url }
  const rule_id = await saveRule(db, { project: 'asr', kinds, evaluations: 4, destination })
  await addTestAlert(db, rule_id)
  const [claimed] = await claimAlerts(db)
  const problem = { code: 'http', status: 404, detail: 'no_service' } as const
  if (claimed) await alertFailed(db, claimed, problem)

  const { stdout, code } = await alerts()
  const [rule, message, why] = stdout.split('\n')
  const facts = 'Slack (hooks.slack.com)  project asr  run failed, no improvement (4)'
  expect(rule).toBe(`${rule_id.slice(0, 8)}  ${facts}`)
  expect(message).toMatch(/^\d{4}-\d\d-\d\d \S+ {2}waiting {4}This is a test message/)
  expect(why).toContain('The receiver answered 404 (no_service).')
  expect(code).toBe(0)

  const json = await alerts('--json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    rules: [{ rule_id, destination: { type: 'slack', host: 'hooks.slack.com' } }],
    messages: [{ alert: { kind: 'test' }, problem, delivered_at: null }],
  })
  expect(stdout + json.stdout).not.toContain('verySecretPart')
})
