import { columns, scopeText, visible } from '@bestmark/core'
import {
  type ApiToken,
  createApiToken,
  type Database,
  JobUnknown,
  listApiTokens,
  namedJob,
  Refused,
  revokeApiToken,
} from '@bestmark/db'
import { z } from 'zod'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { minuteText } from '../cli/timeText.ts'
import { EXIT, Failure } from '../failure.ts'
import { TOKENS } from './tokens.table.ts'

/** Makes, lists or revokes tokens. Exits with 1 if there is none to list. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, TOKENS)
  const { new: name, scope, project, days, revoke } = values
  if (name !== undefined && revoke !== undefined) {
    throw new Failure('Give --new or --revoke, not both.')
  }
  await using board = await openBoard()
  if (name !== undefined) {
    const making = jobIdOf(board.db, values.job).then((job_id) =>
      createApiToken(board.db, { name, scope, days, job_id, project }),
    )
    const { token, secret } = await making.catch(refusal)
    print(values.json ? JSON.stringify({ ...token, secret }) : secret)
    notify(`Keep it: it is not shown again. It may ${allows(token)} until ${day(token)}.`)
    return EXIT.found
  }
  if (revoke !== undefined) {
    const token = await revokeApiToken(board.db, revoke).catch(refusal)
    if (values.json) print(JSON.stringify(token))
    notify(`The token "${token.name}" no longer gives access.`)
    return EXIT.found
  }
  const tokens = await listApiTokens(board.db)
  if (values.json) print(...tokens.map((token) => JSON.stringify(token)))
  else print(...columns(tokens.map(cellsOf), []))
  if (tokens.length === 0) notify('There is no token. Make one: bestmark tokens --new NAME')
  return tokens.length > 0 ? EXIT.found : EXIT.nothing
}

/** The id of a named job, which need not be on the board. */
async function jobIdOf(db: Database, text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined
  const id = z.uuid().safeParse(text.toLowerCase())
  return id.success ? id.data : (await namedJob(db, text)).job_id
}

function refusal(error: unknown): never {
  throw error instanceof Refused || error instanceof JobUnknown
    ? new Failure(error.message, { cause: error })
    : error
}

function cellsOf(token: ApiToken): string[] {
  const used = token.used_at === null ? 'never used' : `used ${minuteText(token.used_at)}`
  return [token.token_id.slice(0, 8), token.name, scopeText(token), stateOf(token), used]
}

function stateOf(token: ApiToken): string {
  if (token.revoked_at !== null) return `revoked ${minuteText(token.revoked_at)}`
  return `${token.expires_at <= Date.now() ? 'expired' : 'expires'} ${day(token)}`
}

/** What a token may do; its words follow "may". */
function allows({ scope, project, job_id }: ApiToken): string {
  if (scope === 'admin') return 'do everything'
  if (scope !== 'ingest') return scope === 'read' ? 'read' : 'read and write'
  return `only send ${project === null ? `job ${job_id}` : `runs of project ${visible(project)}`},`
}

function day({ expires_at }: ApiToken): string {
  return new Date(expires_at).toISOString().slice(0, 10)
}
