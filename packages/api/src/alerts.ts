import { AlertKind, AlertRule, alertText, DestinationInput, problemSentence } from '@bestmark/core'
import {
  addTestAlert,
  listAlerts,
  listRules,
  removeRule,
  saveRule,
  type SentAlert,
} from '@bestmark/db'
import { z } from 'zod'
import { Id, procedure, router } from './trpc.ts'

const RuleInput = AlertRule.extend({
  /** Left out for a new rule. */
  rule_id: Id.optional(),
  kinds: z.array(AlertKind).min(1, 'choose at least one kind of alert').max(20),
  project: z.string().trim().min(1).max(1_000).nullable(),
  destination: DestinationInput,
})

const ListInput = z.object({
  /** Only messages after this one. */
  after: z.number().int().optional(),
  type: z.literal('desktop').optional(),
  limit: z.number().int().min(1).max(200).default(50),
})

const RuleId = z.object({ rule_id: Id })

/** A rule lets the board send messages to any address of its network. */
const ADMIN = { scope: 'admin' } as const

const rules = router({
  /** The rules, oldest first, without the secrets of their destinations. */
  list: procedure.query(({ ctx }) => listRules(ctx.db)),

  /** Adds or changes a rule; an empty secret keeps the stored one. Answers with all rules. */
  save: procedure
    .meta(ADMIN)
    .input(RuleInput)
    .mutation(async ({ ctx, input }) => {
      await saveRule(ctx.db, input)
      return listRules(ctx.db)
    }),

  /** Removes a rule with its messages. Answers with all rules. */
  remove: procedure
    .meta(ADMIN)
    .input(RuleId)
    .mutation(async ({ ctx, input }) => {
      await removeRule(ctx.db, input.rule_id)
      return listRules(ctx.db)
    }),
})

/** Messages about jobs. */
export const alerts = router({
  rules,

  /** The messages, newest first, with their sentences, and why the last try failed. */
  list: procedure
    .input(ListInput.prefault({}))
    .query(async ({ ctx, input }) => (await listAlerts(ctx.db, input)).map(worded)),

  /** Puts a test message in the queue; the board sends it within seconds. */
  test: procedure.input(RuleId).mutation(async ({ ctx, input }) => {
    return { alert_id: await addTestAlert(ctx.db, input.rule_id) }
  }),
})

function worded({ alert, problem, ...message }: SentAlert) {
  const text = alertText(alert, message.job_name)
  return { ...message, alert, text, problem: problem && problemSentence(problem) }
}
