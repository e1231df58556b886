import type { Client, Database } from '../connection/client.ts'
import type { Listen } from '../connection/listening.ts'

/** The channel on which readers say which jobs they follow, as ids separated by spaces. */
const CHANNEL = 'bestmark_followed'
/** How many ids fit into a notification, which holds less than 8,000 bytes. */
const IDS = 200
/** How long after its last announcement a job counts as followed (ms); readers repeat it every 2 s. */
const LASTS = 7_000

/** Tells the writers of jobs, in all processes, that somebody follows these jobs now. */
export async function announceFollowed({ notify }: Database, job_ids: string[]): Promise<void> {
  for (let from = 0; from < job_ids.length; from += IDS) {
    await notify(CHANNEL, job_ids.slice(from, from + IDS).join(' '))
  }
}

const opened = new WeakMap<Client, Audience>()

/** The followed jobs of a database, the same for all writers in this process. */
export function audienceOf({ sql, listen, isNotified }: Database): Audience {
  const audience = opened.get(sql) ?? new Audience(isNotified ? listen : undefined)
  opened.set(sql, audience)
  return audience
}

/**
 * Which jobs somebody follows, so that their writers write at once, and gather points of other jobs.
 * Nothing is stored: readers repeat that they are there. Until it is known, and where notifications
 * do not arrive, every job counts as followed.
 */
export class Audience {
  readonly #listenTo: Listen | undefined
  readonly #heard = new Map<string, number>()
  readonly #arrivals = new Map<string, Set<() => void>>()
  #listening: Promise<unknown> | undefined
  #isListening = false

  constructor(listen: Listen | undefined) {
    this.#listenTo = listen
  }

  isFollowed(job_id: string): boolean {
    this.#listen()
    const heard = this.#heard.get(job_id) ?? -Infinity
    return !this.#isListening || performance.now() - heard < LASTS
  }

  /** Calls `arrived` as soon as somebody follows the job, until it is disposed. */
  onArrival(job_id: string, arrived: () => void): Disposable {
    const waiting = this.#arrivals.get(job_id) ?? new Set()
    this.#arrivals.set(job_id, waiting.add(arrived))
    const leave = (): void => {
      waiting.delete(arrived)
      if (waiting.size === 0 && this.#arrivals.get(job_id) === waiting)
        this.#arrivals.delete(job_id)
    }
    return { [Symbol.dispose]: leave }
  }

  /** Listens from the first question on. A connection that breaks is opened again by the driver. */
  #listen(): void {
    if (this.#listening || !this.#listenTo) return
    const heard = (payload: string): void => this.#hear(payload)
    this.#listening = this.#listenTo(CHANNEL, { heard }).then(
      () => (this.#isListening = true),
      // The next question tries again; the writer meets an error of the database itself.
      () => (this.#listening = undefined),
    )
  }

  #hear(payload: string): void {
    const now = performance.now()
    for (const [job_id, heard] of this.#heard) {
      if (now - heard > LASTS) this.#heard.delete(job_id)
    }
    for (const job_id of payload.split(' ')) {
      this.#heard.set(job_id, now)
      for (const arrived of this.#arrivals.get(job_id) ?? []) arrived()
    }
  }
}
