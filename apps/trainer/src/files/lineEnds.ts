/** A progress bar, which is drawn again after each carriage return. */
const BAR = /\d%\|/

/** The lines of a text. Old programs of the Mac end each line with a carriage return only. */
export function linesOf(text: string): string[] {
  const isOldMac = !text.includes('\n') && text.includes('\r') && !BAR.test(text)
  return text.split(isOldMac ? '\r' : '\n')
}
