import { BoardAccess } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * The address of the board in messages: BESTMARK_URL, or `open` for a board with accounts, or the
 * board's own name on this machine. None has a secret. Throws a Failure if BESTMARK_URL is not an address.
 */
export function boardAddress(
  home: string,
  port: number,
  env: NodeJS.ProcessEnv = process.env,
  open?: string,
): () => Promise<string> {
  const given = env['BESTMARK_URL']
  if (given) {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return async () => given
    throw new Failure(`BESTMARK_URL must begin with http:// or https://; got "${given}".`)
  }
  if (open !== undefined) return async () => open
  const access = new BoardAccess(home)
  return async () => `http://${await access.name()}:${port}`
}
