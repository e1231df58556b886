/** A lock that this tab holds or waits for. */
export interface HeldLock {
  /** Resolves when it is held; never if it is released before. */
  held: Promise<void>
  release: () => void
}

/**
 * Waits for a lock and holds it until `release`. The browser releases the locks of a tab that closes
 * or crashes. `onlost` is called if another tab takes the lock away; `steal` takes it at once.
 */
export function holdLock(name: string, onlost: () => void = ignore, steal = false): HeldLock {
  const waiting = new AbortController()
  const held = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  let isReleased = false
  const options = steal ? { steal } : { signal: waiting.signal }
  navigator.locks
    .request(name, options, () => {
      if (isReleased) return
      held.resolve()
      return over.promise
    })
    .catch((error: unknown) => {
      if (!isReleased) return isAbort(error) ? onlost() : reportError(error)
    })
  const release = (): void => {
    isReleased = true
    waiting.abort()
    over.resolve()
  }
  return { held: held.promise, release }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

function ignore(): void {
  // Nobody takes this lock away.
}
