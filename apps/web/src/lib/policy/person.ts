const KEY = 'bestmark_name'

/** The name that was last given for the record; empty where the browser keeps none. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    // Browsers that keep nothing throw: the name is then asked for each time.
    return ''
  }
}

/** Keeps a name for the next record, where the browser lets it. */
export function rememberName(name: string): void {
  try {
    localStorage.setItem(KEY, name)
  } catch {
    // As above.
  }
}
