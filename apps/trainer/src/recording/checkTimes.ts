/**
 * How often all files are checked if no watched file changed (ms), because files of another source
 * may appear, and weights may grow in deeper folders.
 */
export const CHECK_ALL = { growing: 5_000, quiet: 60_000 }
/** How often the stored cursor is read again (ms); an outdated cursor is refused anyway. */
export const ASK_AGAIN = 60_000
/** Files are quiet after this time without new events (ms). */
export const QUIET_AFTER = 60_000
