import { ownValue } from '@bestmark/core'
import type { Delta, WatchQuery } from '@bestmark/db'

/** What a subscriber asked to follow; the same each time it connects again. */
export interface Asked {
  jobs: readonly string[] | 'all'
  series?:
    | {
        job_id: string
        names: readonly string[]
        ordinals: Readonly<Record<string, number>>
      }
    | undefined
}

/**
 * How far a subscriber has come. Written as the id of each message, it lets one that was cut off go
 * on from the last message it received: `revisions~ordinals`, in the order of the question, with
 * one time in place of the revisions where every job is followed.
 */
export class Progress {
  readonly #asked: Asked
  readonly #revisions: Map<string, number>
  readonly #ordinals: Map<string, number>
  #changed_since: number | null = null

  /** Throws TypeError for an id that no message had. */
  constructor(asked: Asked, id?: string | null) {
    const { jobs, series } = asked
    const names = series?.names ?? []
    const [revisions, ordinals] = id ? numbersIn(id) : [[], []]
    const knownOf = (name: string): number => ownValue(series?.ordinals, name) ?? 0
    this.#asked = asked
    if (jobs === 'all') this.#changed_since = revisions[0] ?? null
    this.#revisions = zip(jobs === 'all' ? [] : jobs, (_job, index) => revisions[index] ?? 0)
    this.#ordinals = zip(names, (name, index) => ordinals[index] ?? knownOf(name))
  }

  /** What is to be watched from here on. */
  get query(): WatchQuery {
    const { jobs, series } = this.#asked
    const known = [...this.#revisions].map(([job_id, revision]) => ({ job_id, revision }))
    return {
      jobs: jobs === 'all' ? { changed_since: this.#changed_since } : known,
      series: series && { ...series, ordinals: Object.fromEntries(this.#ordinals) },
    }
  }

  /** The id of the message that brings a delta. */
  after({ job_id, revision, changed_at, series }: Delta): string {
    if (this.#asked.jobs === 'all') {
      this.#changed_since = Math.max(this.#changed_since ?? 0, Math.floor(changed_at))
    } else {
      this.#revisions.set(job_id, revision)
    }
    for (const { name, next_ordinal } of series) this.#ordinals.set(name, next_ordinal)
    const known = this.#changed_since === null ? this.#revisions.values() : [this.#changed_since]
    return [known, this.#ordinals.values()].map((numbers) => [...numbers].join(',')).join('~')
  }
}

function numbersIn(id: string): [number[], number[]] {
  const [revisions = '', ordinals = ''] = id.split('~')
  const read = (text: string): number[] => (text === '' ? [] : text.split(',').map(Number))
  const both: [number[], number[]] = [read(revisions), read(ordinals)]
  if (both.flat().some((number) => !Number.isSafeInteger(number) || number < 0)) {
    throw new TypeError(`No message of a subscription has the id ${JSON.stringify(id)}.`)
  }
  return both
}

function zip(
  keys: readonly string[],
  valueOf: (key: string, index: number) => number,
): Map<string, number> {
  return new Map(keys.map((key, index) => [key, valueOf(key, index)]))
}
