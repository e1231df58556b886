import { ownValue } from '@bestmark/core'
import type { BoardNews, Delta, WatchQuery } from '@bestmark/db'

/** What a subscriber follows; the same each time it reconnects. */
export interface WatchRequest {
  jobs: readonly string[] | 'all'
  since?: number | undefined
  series?:
    | {
        job_id: string
        names: readonly string[]
        ordinals: Readonly<Record<string, number>>
      }
    | undefined
}

/**
 * The position of a subscriber. It is the id of each message, so an interrupted subscriber continues
 * after the last message it received: `revisions~ordinals`, in the order of the request. If every
 * job is followed, it is one number, the revision of the board.
 */
export class Progress {
  readonly #request: WatchRequest
  readonly #revisions: Map<string, number>
  readonly #ordinals: Map<string, number>
  /** The revision after which every job is followed; null for from now, undefined if only some are. */
  readonly board: number | null | undefined

  /** Throws TypeError for an id that no message had. */
  constructor(request: WatchRequest, id?: string | null) {
    const { jobs, series } = request
    const names = series?.names ?? []
    const [revisions, ordinals] = id ? numbersIn(id) : [[], []]
    const requestedOrdinal = (name: string): number => ownValue(series?.ordinals, name) ?? 0
    this.#request = request
    if (jobs === 'all') this.board = revisions[0] ?? request.since ?? null
    this.#revisions = zip(jobs === 'all' ? [] : jobs, (_job, index) => revisions[index] ?? 0)
    this.#ordinals = zip(names, (name, index) => ordinals[index] ?? requestedOrdinal(name))
  }

  /** What to watch from here on. */
  get query(): WatchQuery {
    const { series } = this.#request
    const jobs = [...this.#revisions].map(([job_id, revision]) => ({ job_id, revision }))
    const ordinals = Object.fromEntries(this.#ordinals)
    return { jobs, series: series && { ...series, ordinals } }
  }

  /** The id of the message with a delta. */
  after({ job_id, revision, series }: Delta): string {
    this.#revisions.set(job_id, revision)
    for (const { name, next_ordinal } of series) this.#ordinals.set(name, next_ordinal)
    return idOf([...this.#revisions.values()], [...this.#ordinals.values()])
  }
}

/** The id of a message for subscribers of every job. */
export function boardMessageId({ board_revision }: BoardNews): string {
  return idOf([board_revision], [])
}

function idOf(revisions: readonly number[], ordinals: readonly number[]): string {
  return `${revisions.join(',')}~${ordinals.join(',')}`
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
