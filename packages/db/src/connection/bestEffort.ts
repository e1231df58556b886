/** How long closing may take by default (ms). */
const PATIENCE = 2_000
/** How long removing one of our folders may take (ms). */
export const REMOVING = 60_000

/**
 * Closes something: waits at most `patience` (ms) and never throws. Every dispose and every closing
 * `finally` that uses a database, a process or a disk uses this, so that an error while closing does
 * not replace an earlier error.
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

/** The function may also throw before it returns a promise. */
async function begun(closing: () => Promise<unknown>): Promise<void> {
  try {
    await closing()
  } catch {
    // What cannot be closed ends with the process.
  }
}
