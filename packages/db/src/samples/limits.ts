/** How many samples of a job are stored; those of the lowest steps go first. */
export const KEPT_SAMPLES = 20_000
/** The most characters of a text and of a prompt. */
export const LONGEST_TEXT = 8_000
export const LONGEST_PROMPT = 2_000
/** The largest file that the board stores, and all files of one job together (bytes). */
export const LARGEST_CONTENT = 4 << 20
export const MOST_CONTENT = 256 << 20
