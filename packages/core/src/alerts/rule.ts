import { z } from 'zod'
import { ALERT_KINDS } from './alertWords.ts'

export const AlertKind = z.enum(ALERT_KINDS)
export type AlertKind = z.infer<typeof AlertKind>

/** The most evaluations without improvement that a rule may wait for. */
const MOST_EVALUATIONS = 10_000

/** What a rule watches for, and in which jobs. */
export const AlertRule = z.object({
  /** Null: the jobs of every project. */
  project: z.string().nullable(),
  kinds: z.array(AlertKind).min(1, 'choose at least one kind of alert'),
  /** How many evaluations without improvement give an alert of kind `no_improvement`. */
  evaluations: z.number().int().min(1).max(MOST_EVALUATIONS),
})
export type AlertRule = z.infer<typeof AlertRule>
