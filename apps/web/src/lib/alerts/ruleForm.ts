import { ALERT_KINDS, type DestinationType } from '@bestmark/core'
import type { AlertRule, AlertRuleInput } from '../api.ts'

/** The fields of the form; a secret is empty unless it is to change. */
export interface RuleFields {
  type: DestinationType
  url: string
  server: string
  from: string
  to: string
  project: string
  kinds: AlertRule['kinds']
  evaluations: number
}

/** The kinds that a new rule begins with: what needs somebody to act. */
const FIRST_KINDS: AlertRule['kinds'] = ['no_improvement', 'nan', 'failed', 'lost', 'ended']

/** The fields of a new rule, or of a stored one. */
export function fieldsOf(rule?: AlertRule): RuleFields {
  const { destination } = rule ?? {}
  return {
    type: destination?.type ?? 'slack',
    ...{ url: '', server: '' },
    from: destination?.from ?? '',
    to: destination?.to.join(', ') ?? '',
    project: rule?.project ?? '',
    kinds: rule?.kinds ?? FIRST_KINDS,
    evaluations: rule?.evaluations ?? 5,
  }
}

/** The rule that the fields describe. */
export function ruleOf(fields: RuleFields, rule_id?: string): AlertRuleInput {
  const kinds = ALERT_KINDS.filter((kind) => fields.kinds.includes(kind))
  const project = fields.project.trim() || null
  const { evaluations } = fields
  return { rule_id, project, kinds, evaluations, destination: destinationOf(fields) }
}

function destinationOf({ type, url, server, from, to }: RuleFields): AlertRuleInput['destination'] {
  if (type === 'desktop') return { type }
  if (type !== 'email') return { type, url: url.trim() }
  const receivers = to.split(/[\s,;]+/).filter(Boolean)
  return { type, server: server.trim(), from: from.trim(), to: receivers }
}
