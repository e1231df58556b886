import { databaseFailure, causeOfQuery } from '@bestmark/db/unavailable'
import { errorText } from '../failure.ts'

/** Receives the errors of work that continues after them. */
export interface ErrorListener {
  report: (error: unknown) => void
  /** The database answered. */
  databaseAnswered: () => void
}

const NOTHING_LOST = "Nothing is lost: when it is back, recording continues from the runs' files."

/** Prints each error once, and prints when the database is lost and when it is back. */
export class ErrorReporter implements ErrorListener {
  readonly #print: (line: string) => void
  readonly #printed = new Set<string>()
  #isAway = false

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  report = (error: unknown): void => this.reportFor('', error)

  /** `what` names the thing that has the error. */
  reportFor(what: string, error: unknown): void {
    const why = errorText(causeOfQuery(error))
    const text = what ? `${what}: ${why}` : why
    const away = databaseFailure(error)
    if (away) {
      if (!this.#isAway) {
        const act = away === 'read_only' || away === 'full' ? 'write to' : 'reach'
        // This only removes the full stop; it decides nothing.
        // eslint-disable-next-line bestmark/read-sentences
        const how = away === 'read_only' ? 'it is read-only' : why.replace(/\.$/, '')
        this.#print(`Cannot ${act} the database (${how}). ${NOTHING_LOST}`)
      }
      this.#isAway = true
    } else if (!this.#printed.has(text)) {
      this.#printed.add(text)
      this.#print(text)
    }
  }

  databaseAnswered = (): void => {
    if (this.#isAway) this.#print('The database is back. Recording continues.')
    this.#isAway = false
  }
}
