import {
  directionOf,
  JOB_STATES,
  type JobState,
  type ColumnKey,
  MOST_COLUMNS,
} from '@bestmark/core'
import { columnWords, isColumn } from './jobColumns.ts'

/** What the list shows, as the address holds it. */
export interface JobQuery {
  shelf: Shelf
  tag: string
  status: JobState[]
  project: string
  search: string
  sort: Sort | ColumnKey
  /** Of a sort by a column: the highest first. */
  descending: boolean
  /** Jobs of one project are next to each other. */
  group: '' | 'project'
  columns: ColumnKey[]
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
  const sorted = parameters.get('sort') ?? ''
  const preset = SORTS.find(({ value }) => value === sorted)?.value
  const sort = preset ?? (isColumn(sorted) ? sorted : 'newest')
  return {
    shelf: SHELVES.find((shelf) => shelf === parameters.get('shelf')) ?? 'current',
    tag: (parameters.get('tag') ?? '').trim().slice(0, 60),
    status: JOB_STATES.filter((state) => parameters.getAll('status').includes(state)),
    project: parameters.get('project')?.trim() ?? '',
    search: (parameters.get('search') ?? '').trim().slice(0, 200),
    sort,
    descending: isColumn(sort) && parameters.get('order') === 'descending',
    group: parameters.get('group') === 'project' ? 'project' : '',
    columns: [...new Set(parameters.getAll('column').filter(isColumn))].slice(0, MOST_COLUMNS),
    cursor: parameters.get('cursor'),
  }
}

/** A query as input of the procedure that lists jobs. */
export function listInput(query: JobQuery) {
  const { shelf, tag, status, project, search, sort, descending, group, columns, cursor } = query
  return {
    shelf,
    tag: tag || undefined,
    status: status.length > 0 ? status : undefined,
    project: project || undefined,
    search: search || undefined,
    sort,
    descending: descending || undefined,
    group: group || undefined,
    columns: columns.length > 0 ? columns : undefined,
    cursor,
  }
}

/** The fields of a form that asks for the first page of a query. */
export function queryFields(query: JobQuery): [name: string, value: string][] {
  return [...parametersOf({ ...query, cursor: null })]
}

/** The address of a query, with only what differs from the plain list. */
export function queryAddress(query: JobQuery): '/' | `/?${string}` {
  const parameters = parametersOf(query)
  return parameters.size === 0 ? '/' : `/?${parameters}`
}

function parametersOf(query: JobQuery): URLSearchParams {
  const parameters = new URLSearchParams(query.status.map((status) => ['status', status]))
  if (query.shelf !== 'current') parameters.set('shelf', query.shelf)
  if (query.tag) parameters.set('tag', query.tag)
  if (query.project) parameters.set('project', query.project)
  if (query.search) parameters.set('search', query.search)
  if (query.sort !== 'newest') parameters.set('sort', query.sort)
  if (query.descending) parameters.set('order', 'descending')
  if (query.group) parameters.set('group', query.group)
  for (const column of query.columns) parameters.append('column', column)
  if (query.cursor) parameters.set('cursor', query.cursor)
  return parameters
}

/** The query that a click on a column's head makes: its best first, then the other way round. */
export function sortedBy(query: JobQuery, key: ColumnKey): JobQuery {
  const { name } = columnWords(key)
  const first = !key.startsWith('config:') && directionOf(name) === 'max'
  const descending = query.sort === key ? !query.descending : first
  return { ...query, sort: key, descending, cursor: null }
}
