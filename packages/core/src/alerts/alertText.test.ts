import { expect, test } from 'vitest'
import { HOSTILE_TEXTS } from '../hostile.ts'
import { measuredJson } from '../measured.ts'
import { Alert } from './alert.ts'
import { alertText } from './alertText.ts'

const best = { metric: 'eval_loss', value: 0.412, step: 500 }
const previous = { metric: 'eval_loss', value: 0.431, step: 400 }

test('each alert is one sentence about its job', () => {
  const texts: [Alert, string][] = [
    [
      { kind: 'new_best', best, previous },
      'Job moby: new best eval_loss 0.412 at step 500 (was 0.431 at 400)',
    ],
    [
      { kind: 'new_best', best, previous: { ...previous, metric: 'eval_f1' } },
      'Job moby: new best eval_loss 0.412 at step 500 (was eval_f1 0.431 at 400)',
    ],
    [
      { kind: 'new_best', best: { ...best, step: null }, previous: null },
      'Job moby: new best eval_loss 0.412',
    ],
    [
      { kind: 'no_improvement', evaluations: 5, best },
      'Job moby: no improvement in the last 5 evaluations; the best is eval_loss 0.412 at step 500',
    ],
    [
      { kind: 'no_improvement', evaluations: 1, best: null },
      'Job moby: no improvement in the last evaluation',
    ],
    [
      { kind: 'nan', metric: 'loss', value: -Infinity, step: 310, attempt: 0 },
      'Job moby: loss is -Infinity at step 310',
    ],
    [
      { kind: 'failed', attempt: 0, error: 'Traceback\n  a.py\nRuntimeError: CUDA\n' },
      'Job moby: failed: RuntimeError: CUDA',
    ],
    [{ kind: 'failed', attempt: 0, error: null }, 'Job moby: failed'],
    [
      { kind: 'lost', attempt: 0 },
      'Job moby: lost: it logs nothing any more, and no end was logged',
    ],
    [
      { kind: 'ended', attempt: 0, status: 'completed', best },
      'Job moby: completed; the best is eval_loss 0.412 at step 500',
    ],
    [
      { kind: 'ended', attempt: 0, status: 'stopped', best: null },
      'Job moby: stopped; it has no best checkpoint',
    ],
    [
      { kind: 'live_not_best', model_name: 'chat', live_step: 400, best },
      'Job moby: the live model chat (step 400) is no longer the best; eval_loss 0.412 at step 500 is better',
    ],
  ]
  for (const [alert, text] of texts) expect(alertText(alert, 'moby')).toBe(text)
  expect(alertText({ kind: 'test' }, null)).toMatch(/test message/)
})

test('unknown values are left out of the sentence', () => {
  const nothing = { metric: null, value: null, step: null }
  const texts: [Alert, string][] = [
    [{ kind: 'new_best', best: nothing, previous: nothing }, 'new best checkpoint (was)'],
    [
      { kind: 'new_best', best, previous: { ...previous, step: null } },
      'new best eval_loss 0.412 at step 500 (was 0.431)',
    ],
    [
      { kind: 'new_best', best, previous: { ...previous, metric: null } },
      'new best eval_loss 0.412 at step 500 (was 0.431 at 400)',
    ],
    [
      { kind: 'nan', metric: 'loss', value: null, step: 310, attempt: 0 },
      'loss is missing at step 310',
    ],
    [
      { kind: 'live_not_best', model_name: 'chat', live_step: null, best },
      'the live model chat is no longer the best; eval_loss 0.412 at step 500 is better',
    ],
  ]
  for (const [alert, text] of texts) expect(alertText(alert, null)).toBe(text)
})

test('a name is shown without spaces around it, and shortened to 120 characters', () => {
  const nameIn = (name: string) => alertText({ kind: 'failed', attempt: 0, error: null }, name)
  expect(nameIn('  moby\n')).toBe('Job moby: failed')
  expect(nameIn('x'.repeat(120))).toBe(`Job ${'x'.repeat(120)}: failed`)
  expect(nameIn('x'.repeat(121))).toBe(`Job ${'x'.repeat(119)}…: failed`)
})

test('an alert is read from JSON as it was written', () => {
  const alerts: Alert[] = [
    { kind: 'new_best', best: { ...best, value: Infinity }, previous: null },
    { kind: 'no_improvement', evaluations: 5, best: null },
    { kind: 'nan', metric: 'loss', value: NaN, step: 310, attempt: 2 },
    { kind: 'failed', attempt: 0, error: 'CUDA out of memory' },
    { kind: 'lost', attempt: 1 },
    { kind: 'ended', attempt: 0, status: 'stopped', best },
    { kind: 'live_not_best', model_name: 'chat', live_step: null, best },
    { kind: 'test' },
  ]
  for (const alert of alerts) expect(Alert.parse(JSON.parse(measuredJson(alert)))).toEqual(alert)
  expect(Alert.safeParse({ kind: 'ended', attempt: 0, status: 'running', best }).success).toBe(
    false,
  )
})

test('a message is one short visible line, with any names of a run', () => {
  for (const text of Object.values(HOSTILE_TEXTS)) {
    const message = alertText({ kind: 'failed', attempt: 0, error: text.repeat(9) }, text)
    expect(message).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    expect(message.length).toBeLessThan(500)
  }
})
