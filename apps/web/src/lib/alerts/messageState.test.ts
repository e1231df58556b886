import { expect, test } from 'vitest'
import type { AlertMessage } from '../api.ts'
import { stateWords } from './messageState.ts'

const MESSAGE: AlertMessage = {
  ...{ alert_id: 1, rule_id: '', job_id: null, job_name: null, project: null, key: 'test' },
  ...{ created_at: 0, tries: 1, next_try_at: null, delivered_at: null, problem: null, text: '' },
  destination: { type: 'slack', host: 'hooks.slack.com', from: null, to: [] },
  alert: { kind: 'test' },
}
const words = (change: Partial<AlertMessage>) => stateWords({ ...MESSAGE, ...change }, 1_000).text

test('a message is sent, on its way, waiting or given up', () => {
  expect(words({ delivered_at: 5 })).toBe('sent to Slack')
  expect(words({ next_try_at: 5 })).toBe('sending to Slack')
  expect(words({ next_try_at: 301_000, problem: 'x' })).toBe('Slack again in 5 min')
  expect(words({ next_try_at: 0, problem: 'x' })).toBe('Slack again in 1 s')
  expect(words({ tries: 30, problem: 'x' })).toBe('given up after 30 tries')
})
