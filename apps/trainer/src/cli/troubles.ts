import { awayBy, causeOfQuery } from '@bestmark/db/unavailable'
import { sentence } from '../failure.ts'

/** Who hears what goes wrong while something else goes on. */
export interface Troubled {
  tell: (error: unknown) => void
  /** The database answered. */
  answered: () => void
}

/** Says each trouble once, and of a database that is away when it went and when it is back. */
export class Troubles implements Troubled {
  readonly #say: (line: string) => void
  readonly #told = new Set<string>()
  #isAway = false

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  tell = (error: unknown): void => this.tellOf('', error)

  /** What it is that had the trouble stands before it. */
  tellOf(what: string, error: unknown): void {
    const why = sentence(causeOfQuery(error))
    const text = what ? `${what}: ${why}` : why
    const away = awayBy(error)
    if (away) {
      if (!this.#isAway) {
        const how = away === 'read_only' ? 'it is read-only' : why.replace(/\.$/, '')
        this.#say(`The database is away (${how}); until it is back the runs' files keep it all.`)
      }
      this.#isAway = true
    } else if (!this.#told.has(text)) {
      this.#told.add(text)
      this.#say(text)
    }
  }

  answered = (): void => {
    if (this.#isAway) this.#say('The database is back; recording goes on where it was.')
    this.#isAway = false
  }
}
