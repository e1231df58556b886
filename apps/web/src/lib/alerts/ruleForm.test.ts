import { expect, test } from 'vitest'
import { fieldsOf, ruleOf } from './ruleForm.ts'

test('a new rule waits for what needs somebody to act, and an e-mail has several receivers', () => {
  const fields = { ...fieldsOf(), type: 'email' as const, server: ' smtp://mail ', from: 'a@b' }
  expect(ruleOf({ ...fields, to: 'x@lab.org, y@lab.org\nz@lab.org', project: ' ' })).toEqual({
    rule_id: undefined,
    project: null,
    kinds: ['no_improvement', 'nan', 'failed', 'lost', 'ended'],
    evaluations: 5,
    destination: {
      ...{ type: 'email', server: 'smtp://mail', from: 'a@b' },
      to: ['x@lab.org', 'y@lab.org', 'z@lab.org'],
    },
  })
})

test('a stored rule keeps its values, and its secret is not in the form', () => {
  const destination = { type: 'slack' as const, host: 'hooks.slack.com', from: null, to: [] }
  const rule = {
    rule_id: 'r',
    created_at: 0,
    project: 'asr',
    kinds: ['lost' as const],
    evaluations: 7,
  }
  const fields = fieldsOf({ ...rule, destination })
  expect(fields.url).toBe('')
  expect(ruleOf(fields, 'r')).toEqual({
    ...{ rule_id: 'r', project: 'asr', kinds: ['lost'], evaluations: 7 },
    destination: { type: 'slack', url: '' },
  })
})
