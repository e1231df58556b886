/** A text that this browser stored; empty if it stores none. */
export function remembered(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    // A browser that stores nothing throws; then a person enters it each time.
    return ''
  }
}

/** Stores a text for the next time, if the browser allows it. */
export function remember(key: string, text: string): void {
  try {
    localStorage.setItem(key, text)
  } catch {
    // As above.
  }
}
