import type { Context, createCaller } from '@bestmark/api'
import type { Accounts } from '@bestmark/api/accounts'
import type { Caller, Person, ProcedurePath } from '@bestmark/api/board'

declare global {
  namespace App {
    interface Locals {
      /** Throws where the database is away. */
      context: () => Context
      /** The procedures, called without HTTP. */
      api: ReturnType<typeof createCaller>
      /** Undefined before somebody signs in. */
      caller?: Caller
      /** Undefined where the link opens the board. */
      accounts?: Accounts
      /** Who is signed in. */
      person?: Person | undefined
      /** Cookies of the accounts, for the answer. */
      cookies?: string[]
    }
    interface PageData {
      /** Who is signed in; null without accounts, and for a program. */
      person: Pick<Person, 'name' | 'role'> | null
      /** The procedures that the reader may not call. */
      denied: ProcedurePath[]
    }
  }
}
