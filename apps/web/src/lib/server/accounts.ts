import type { Accounts } from '@bestmark/api/accounts'
import type { Board } from '@bestmark/api/board'
import { access } from './board.ts'
import { logError } from './errors.ts'
import { CLIENT } from './forwarded.ts'
import { serving } from './serving.ts'

let opened: { db: Board['db']; accounts: Promise<Accounts> } | undefined

/** The accounts of the board. Its library is loaded with the first request. */
export function accountsOf({ db }: Board): Promise<Accounts> {
  if (opened?.db !== db) opened = { db, accounts: open({ db }) }
  return opened.accounts
}

async function open({ db }: Pick<Board, 'db'>): Promise<Accounts> {
  const { Accounts } = await import('@bestmark/api/accounts')
  const { url, tls, oidc } = serving
  // Without BESTMARK_URL the library needs only the protocol.
  const origin = url?.origin ?? `${tls ? 'https' : 'http'}://localhost`
  return new Accounts(db, {
    ...{ secret: await access.key(), url: origin, cookiePrefix: await access.cookie(), oidc },
    addressHeader: CLIENT.address,
    onError: (message) => logError(new Error(`Accounts: ${message}`)),
  })
}

// A new token has a new key.
access.onRenewed(() => (opened = undefined))
