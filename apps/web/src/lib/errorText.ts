/** The most characters of an error or a reason where there is no room to scroll. */
const MOST = 2_000

/** The last `most` characters of an error, since its end says the most. */
export function endOfText(error: string, most = MOST): string {
  return error.length > most ? `…${error.slice(-most)}` : error
}
