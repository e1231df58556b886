import type { Role } from '@bestmark/core'
import { type Database, invite, personNamed, setupSecret } from '@bestmark/db'
import { Accounts } from '@bestmark/db/accounts'
import { openOwnSite, type OwnSite } from './site.ts'

/** The variables of a board that asks people to sign in. */
export const OPEN = { HOST: '0.0.0.0' }

/** The password of each person of the tests. */
export const PASSWORD = 'correct horse battery'

/** Makes an account, the first of which is that of an admin. */
export async function addPerson(db: Database, home: string, name: string, role: Role) {
  const options = {
    secret: 'x'.repeat(64),
    url: 'http://localhost',
    cookiePrefix: 'test',
    addressHeader: 'x',
  }
  const accounts = new Accounts(db, { ...options, oidc: undefined, onError: () => undefined })
  const email = `${name.toLowerCase()}@lab.org`
  const first = await setupSecret(db, home)
  const secret = first ?? (await invite(db, { email, role }))
  return accounts.accept(secret, { name, email, password: PASSWORD })
}

/** The site of a board with accounts: the admin Ana, the member Max and the viewer Vera. */
export async function openPeopleSite(
  more: NodeJS.ProcessEnv = {},
  through?: (databaseUrl: string) => Promise<string>,
): Promise<OwnSite> {
  const site = await openOwnSite(through, { ...OPEN, ...more })
  await addPerson(site.db, site.home, 'Ana', 'admin')
  await addPerson(site.db, site.home, 'Max', 'member')
  await addPerson(site.db, site.home, 'Vera', 'viewer')
  return site
}

/** Signs a person in as a browser does; returns the cookie. */
export async function cookieOf(site: Pick<OwnSite, 'url' | 'db'>, name: string): Promise<string> {
  const { email } = await personNamed(site.db, `${name.toLowerCase()}@lab.org`)
  const answer = await fetch(`${site.url}/sign-in`, {
    method: 'POST',
    headers: { origin: site.url, accept: 'text/html' },
    body: new URLSearchParams({ email, password: PASSWORD }),
    redirect: 'manual',
  })
  const [cookie] = answer.headers.getSetCookie()
  if (answer.status !== 303 || !cookie) {
    throw new Error(`${name} could not sign in: ${answer.status} ${await answer.text()}`)
  }
  return cookie.split(';')[0] ?? ''
}
