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

/** Addresses cannot hold such parts of a key. */
const isNoFolder = (part: string, at: number, parts: readonly string[]): boolean =>
  part === '.' || part === '..' || (part === '' && at < parts.length - 1)
const IS_NO_PREFIX = 'a prefix such as models/prod, without an empty part, "." or ".."'

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text)
  const isPlain = url !== null && url.username === '' && url.search === '' && url.hash === ''
  return isPlain && ['http:', 'https:'].includes(url.protocol)
}

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

const S3 = z
  .strictObject({
    ...Common,
    kind: z.literal('s3'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i, 'the name of a bucket'),
    /** What all keys begin with. */
    prefix: z
      .string()
      .max(500)
      .refine((prefix) => !prefix.split('/').some(isNoFolder), IS_NO_PREFIX)
      .optional(),
    /** Default: the agent's AWS_REGION or AWS_DEFAULT_REGION, else us-east-1. */
    region: z
      .string()
      .regex(/^[a-z0-9-]+$/i, 'a region such as eu-central-1')
      .optional(),
    /** Default: Amazon's server of the region. */
    endpoint: z.string().max(2_000).refine(isHttpUrl, 'an http or https address').optional(),
    /** Whether the bucket is in the path; default: at other servers than Amazon's. */
    path_style: z.boolean().optional(),
    /** The variables with the credentials. */
    access_key_env: Variable.optional(),
    secret_key_env: Variable.optional(),
    session_token_env: Variable.optional(),
    /** A profile of the credentials file, in place of variables. */
    profile: z.string().min(1).optional(),
    /** The least size of a part. */
    part_mib: z.number().int().min(5).max(1_000).default(16),
    /** Of one request. */
    time_limit: Seconds.default(300),
    tries: z.number().int().min(1).max(20).default(6),
    /** Whether every byte is read back before the version is live. */
    read_back: z.boolean().default(true),
  })
  .superRefine(({ access_key_env, secret_key_env, profile }, context) => {
    const isHalf = (access_key_env === undefined) !== (secret_key_env === undefined)
    const message = isHalf
      ? 'access_key_env and secret_key_env belong together'
      : 'name a profile, or variables, not both'
    if (isHalf || (profile !== undefined && access_key_env !== undefined))
      context.addIssue({ code: 'custom', message })
  })

/** Keeps models of the built-in recipe, which write after prompts on the pages. */
const Playground = z.strictObject({ ...Common, kind: z.literal('playground') })

/** The options of one target. */
export const TargetOptions = z.discriminatedUnion('kind', [Folder, Command, Http, S3, Playground])
export type TargetOptions = z.infer<typeof TargetOptions>

/** The options of one kind of target. */
export type OptionsOf<Kind extends TargetOptions['kind']> = Extract<TargetOptions, { kind: Kind }>

/** The whole configuration. */
export const TargetsConfig = z.strictObject({ targets: z.record(TargetName, TargetOptions) })
