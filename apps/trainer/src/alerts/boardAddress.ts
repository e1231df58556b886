import { BoardAccess } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * The address of the board in messages: BESTMARK_URL, or the board's own name on this machine,
 * which has no secret. Throws a Failure if BESTMARK_URL is not an address.
 */
export function boardAddress(
  home: string,
  port: number,
  env: NodeJS.ProcessEnv = process.env,
): () => Promise<string> {
  const given = env['BESTMARK_URL']
  if (given) {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return async () => given
    throw new Failure(`BESTMARK_URL must begin with http:// or https://; got "${given}".`)
  }
  const access = new BoardAccess(home)
  return async () => `http://${await access.name()}:${port}`
}
