const KEY = 'bestmark_name'

/** The last name that was entered; empty if the browser stores none. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    // A browser that stores nothing throws; then the name is asked for each time.
    return ''
  }
}

/** Stores a name for the next time, if the browser allows it. */
export function rememberName(name: string): void {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // As above.
  }
}
