import { JOB_STATES, type JobState } from '@bestmark/core'

/** What the list shows, as the address holds it. */
export interface JobQuery {
  shelf: Shelf
  tag: string
  status: JobState[]
  project: string
  search: string
  sort: Sort
  cursor: string | null
}

/** Which list jobs are in: the main one, the archive, or the deleted ones. */
export type Shelf = 'current' | 'archived' | 'deleted'

export const SHELVES: readonly Shelf[] = ['current', 'archived', 'deleted']

export type Sort = 'newest' | 'name' | 'best'

export const SORTS: readonly { value: Sort; label: string }[] = [
  { value: 'newest', label: 'newest' },
  { value: 'name', label: 'name' },
  { value: 'best', label: 'best value' },
]

/** Reads an address; invalid parameters are ignored. */
export function readQuery(parameters: Pick<URLSearchParams, 'get' | 'getAll'>): JobQuery {
  const sort = SORTS.find(({ value }) => value === parameters.get('sort'))?.value
  return {
    shelf: SHELVES.find((shelf) => shelf === parameters.get('shelf')) ?? 'current',
    tag: (parameters.get('tag') ?? '').trim().slice(0, 60),
    status: JOB_STATES.filter((state) => parameters.getAll('status').includes(state)),
    project: parameters.get('project')?.trim() ?? '',
    search: (parameters.get('search') ?? '').trim().slice(0, 200),
    sort: sort ?? 'newest',
    cursor: parameters.get('cursor'),
  }
}

/** A query as input of the procedure that lists jobs. */
export function listInput({ shelf, tag, status, project, search, sort, cursor }: JobQuery) {
  return {
    shelf,
    tag: tag || undefined,
    status: status.length > 0 ? status : undefined,
    project: project || undefined,
    search: search || undefined,
    sort,
    cursor,
  }
}

/** The address of a query, with only what differs from the plain list. */
export function queryAddress(query: JobQuery): '/' | `/?${string}` {
  const parameters = new URLSearchParams(query.status.map((status) => ['status', status]))
  if (query.shelf !== 'current') parameters.set('shelf', query.shelf)
  if (query.tag) parameters.set('tag', query.tag)
  if (query.project) parameters.set('project', query.project)
  if (query.search) parameters.set('search', query.search)
  if (query.sort !== 'newest') parameters.set('sort', query.sort)
  if (query.cursor) parameters.set('cursor', query.cursor)
  return parameters.size === 0 ? '/' : `/?${parameters}`
}
