import { IS_NO_WEBHOOK, isWebhookUrl, TargetConditions, TargetName } from '@bestmark/core'
import { isAbsolute } from 'node:path'
import { z } from 'zod'

/** What {…} in a command's words stands for. */
const PLACEHOLDERS = ['path', 'model', 'step', 'value', 'target'] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]
/** A placeholder, or what is written like one. */
const LIKE_ONE = /\{([a-z_]+)\}/g

/** The longest time limit: a day (s). */
const LONGEST = 86_400

const Seconds = z.number().positive().max(LONGEST)
/** The name of an environment variable of the agent. Secrets are never in the file. */
const Variable = z.string().regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')
const AbsolutePath = z.string().refine(isAbsolute, 'an absolute path')
const Url = z.string().max(2_000).refine(isWebhookUrl, IS_NO_WEBHOOK)

const Word = z.string().superRefine((word, context) => {
  for (const [, name = ''] of word.matchAll(LIKE_ONE)) {
    if (PLACEHOLDERS.some((one) => one === name)) continue
    const all = PLACEHOLDERS.map((one) => `{${one}}`).join(', ')
    context.addIssue({ code: 'custom', message: `{${name}} is unknown; use ${all}` })
  }
})

/** A checked word with its placeholders replaced. */
export function filledWord(word: string, values: Record<Placeholder, string>): string {
  return word.replaceAll(LIKE_ONE, (_, name: Placeholder) => values[name])
}

/** What every target may state. */
const Common = { conditions: TargetConditions.optional() }

const Folder = z.strictObject({
  ...Common,
  kind: z.literal('folder'),
  /** The folder of all models. Default: `models` in the data folder. */
  path: AbsolutePath.optional(),
})

const Command = z.strictObject({
  ...Common,
  kind: z.literal('command'),
  /** The program and its words; no shell reads them. */
  argv: z.array(Word).min(1).max(1_000),
  time_limit: Seconds.default(600),
  /** Variables of the agent that the program gets. */
  environment: z.array(Variable).default(['PATH', 'HOME', 'LANG']),
})

const Http = z.strictObject({
  ...Common,
  kind: z.literal('http'),
  url: Url,
  /** The variable with the secret that signs each message. */
  secret_env: Variable,
  /** Of one try. */
  time_limit: Seconds.default(30),
  tries: z.number().int().min(1).max(20).default(6),
})

/** The options of one target. */
export const TargetOptions = z.discriminatedUnion('kind', [Folder, Command, Http])
export type TargetOptions = z.infer<typeof TargetOptions>

/** The options of one kind of target. */
export type OptionsOf<Kind extends TargetOptions['kind']> = Extract<TargetOptions, { kind: Kind }>

/** The whole configuration. */
export const TargetsConfig = z.strictObject({ targets: z.record(TargetName, TargetOptions) })
