/** How long a closing may take (ms) where nothing else is said. */
const PATIENCE = 2_000
/** How long removing a folder of our own may take (ms). */
export const REMOVING = 60_000

/**
 * Closes something as well as it can: waits for it no longer than `patience` (ms), and never fails.
 * Every dispose and every closing `finally` that asks a database, a process or a disk goes through
 * here, so that how something is closed never replaces what was done before.
 */
export async function bestEffort(
  closing: () => Promise<unknown>,
  patience = PATIENCE,
): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, patience)
  await Promise.race([begun(closing), late.promise])
  clearTimeout(timer)
}

/** A closing may also throw before it returns a promise. */
async function begun(closing: () => Promise<unknown>): Promise<void> {
  try {
    await closing()
  } catch {
    // What cannot be closed ends with the process.
  }
}
