import { z } from 'zod'

/** The fields of inputs that name what a procedure changes. No other field enters the audit. */
const NAMING = [
  ...['job_id', 'job_ids', 'checkpoint_id', 'deployment_id', 'project', 'model_name', 'target'],
  ...['rule_id', 'view_id', 'policy', 'person_id', 'invitation_id', 'email', 'role', 'token_id'],
]

/** The longest name, and the most ids of one entry. */
const LONGEST = 200
const MOST = 200

const Name = z.string().transform((text) => text.slice(0, LONGEST))
const Names = z.union([Name, z.array(Name).transform((names) => names.slice(0, MOST))])

/** What an input names, for the audit; the input was not checked. */
export function subjectOf(input: unknown): Record<string, string | string[]> {
  if (typeof input !== 'object' || input === null) return {}
  const entries = Object.entries(input).flatMap(([field, value]) => {
    const named = NAMING.includes(field) ? Names.safeParse(value) : undefined
    return named?.success ? [[field, named.data] as const] : []
  })
  return Object.fromEntries(entries)
}
