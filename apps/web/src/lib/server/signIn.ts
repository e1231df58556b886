import type { Accounts } from '@bestmark/api/accounts'
import { error } from '@sveltejs/kit'
import { withinBoard } from './access.ts'

/** The accounts of this board. Throws 404 where its link opens it. */
export function accountsIn({ accounts }: App.Locals): Accounts {
  return accounts ?? error(404, 'This board has no accounts. Its link opens it.')
}

/** The page of this board to show after the sign-in. */
export function pageAfter(url: URL): string {
  // A browser removes line breaks and tabs of an address, so they could hide another site.
  const to = (url.searchParams.get('to') ?? '/').replaceAll(/\s/g, '')
  return withinBoard(to)
}

/** The text of a field of a form; empty if there is none. */
export function fieldOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
