import { page } from '$app/state'
import { remember, remembered } from '../page/remembered.ts'

const KEY = 'bestmark_name'

/** The name of the account, else the last one that was entered; empty if the browser stores none. */
export function rememberedName(): string {
  return page.data.person?.name ?? remembered(KEY)
}

/** Stores a name for the next time, if the browser allows it. */
export function rememberName(name: string): void {
  remember(KEY, name)
}
