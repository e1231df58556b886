import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure, systemCode } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'

/** What signs requests. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  /** Only of temporary credentials. */
  sessionToken?: string
}

/** Where an owner says that credentials are. */
export interface CredentialOptions {
  access_key_env?: string | undefined
  secret_key_env?: string | undefined
  session_token_env?: string | undefined
  profile?: string | undefined
}

const USUAL = {
  access: 'AWS_ACCESS_KEY_ID',
  secret: 'AWS_SECRET_ACCESS_KEY',
  token: 'AWS_SESSION_TOKEN',
}

/**
 * The credentials of a target: the variables that it names, its profile, or, like other tools, the
 * usual variables and then the default profile. Throws a Failure if there are none.
 */
export async function credentialsOf(
  options: CredentialOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Credentials> {
  const { access_key_env, secret_key_env, session_token_env, profile } = options
  if (profile !== undefined) return fromProfile(profile, env)
  const isNamed = access_key_env !== undefined && secret_key_env !== undefined
  const names = isNamed
    ? { access: access_key_env, secret: secret_key_env, token: session_token_env }
    : USUAL
  const accessKeyId = env[names.access]
  const secretAccessKey = env[names.secret]
  const sessionToken = names.token === undefined ? undefined : env[names.token]
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
  if (!isNamed) return fromProfile(env['AWS_PROFILE'] ?? 'default', env)
  const missing = accessKeyId ? names.secret : names.access
  throw new Failure(`The agent has no variable ${missing}. Set it, start the agent and ship again.`)
}

/** The keys of a profile in the credentials file that the tools of AWS share. */
async function fromProfile(profile: string, env: NodeJS.ProcessEnv): Promise<Credentials> {
  const path = env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(homedir(), '.aws', 'credentials')
  const text = await textOfFile(path).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw cause
    throw new Failure(
      `There are no credentials: there is no variable ${USUAL.access}, and there is no ${path}. ` +
        'Set one of them and try again.',
      { cause },
    )
  })
  const keys = keysOf(text, profile)
  const accessKeyId = keys.get('aws_access_key_id')
  const secretAccessKey = keys.get('aws_secret_access_key')
  const sessionToken = keys.get('aws_session_token')
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
  throw new Failure(
    `${path} has no aws_access_key_id and aws_secret_access_key of profile ${profile}. ` +
      'Add them, or name variables with access_key_env and secret_key_env.',
  )
}

function keysOf(text: string, profile: string): Map<string, string> {
  const keys = new Map<string, string>()
  let section: string | undefined
  for (const line of text.split(/\r?\n/)) {
    const name = /^\s*\[\s*(.+?)\s*\]/.exec(line)?.[1]
    if (name !== undefined) section = name
    const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (section === profile && key !== undefined && value !== undefined) keys.set(key, value)
  }
  return keys
}
