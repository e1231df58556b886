import type { TokenScope } from '@bestmark/core'
import { api, type ApiToken } from '../api.ts'
import { AdminChange } from './adminChange.svelte.ts'

/** A token to make; one with the scope `ingest` is for one job or one project. */
export interface NewToken {
  name: string
  scope: TokenScope
  days: number
  job_id?: string
  project?: string
}

/** What an admin changes about the tokens of programs. */
export class TokensPage extends AdminChange<{ name: string; secret: string }> {
  /** Makes a token; returns whether that succeeded. */
  make(wanted: NewToken): Promise<boolean> {
    return this.change(async () => {
      const { token, secret } = await api.access.makeToken.mutate(wanted)
      this.shown = { name: token.name, secret }
    })
  }

  revoke({ token_id }: ApiToken): Promise<boolean> {
    return this.change(async () => {
      await api.access.revokeToken.mutate({ token_id })
    })
  }
}
