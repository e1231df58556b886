import type { Database } from '../connection/client.ts'
import { removeSetupToken, setupToken } from '../connection/home.ts'
import { inviteFirst } from './invitations.ts'
import { hasAdmin } from './people.ts'

/**
 * The secret with which the first visitor becomes the admin; undefined once there is an admin. It
 * is in a file of the data folder, and stays the same until it is used.
 */
export async function setupSecret(db: Database, home: string): Promise<string | undefined> {
  if (await hasAdmin(db)) {
    await removeSetupToken(home)
    return undefined
  }
  const secret = await setupToken(home)
  await inviteFirst(db, secret)
  return secret
}
