import { awayBy, causeOfQuery } from '@bestmark/db/unavailable'
import { errorText } from '../failure.ts'

/** What gets the errors of work that continues after them. */
export interface ErrorListener {
  report: (error: unknown) => void
  /** The database answered. */
  databaseAnswered: () => void
}

const NOTHING_LOST = "Nothing is lost: when it is back, recording continues from the runs' files."

/** Says each problem once, and says once when a database goes away and once when it is back. */
export class ErrorReporter implements ErrorListener {
  readonly #say: (line: string) => void
  readonly #told = new Set<string>()
  #isAway = false

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  report = (error: unknown): void => this.reportFor('', error)

  /** `what` names the thing that has the problem. */
  reportFor(what: string, error: unknown): void {
    const why = errorText(causeOfQuery(error))
    const text = what ? `${what}: ${why}` : why
    const away = awayBy(error)
    if (away) {
      if (!this.#isAway) {
        const act = away === 'read_only' || away === 'full' ? 'write to' : 'reach'
        // Only its full stop goes; nothing is decided by it.
        // eslint-disable-next-line bestmark/read-sentences
        const how = away === 'read_only' ? 'it is read-only' : why.replace(/\.$/, '')
        this.#say(`Cannot ${act} the database (${how}). ${NOTHING_LOST}`)
      }
      this.#isAway = true
    } else if (!this.#told.has(text)) {
      this.#told.add(text)
      this.#say(text)
    }
  }

  databaseAnswered = (): void => {
    if (this.#isAway) this.#say('The database is back. Recording continues.')
    this.#isAway = false
  }
}
