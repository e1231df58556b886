import { isId } from '../id.ts'

/** What is compared and shown, as the address holds it. */
export interface CompareQuery {
  /** Ids of jobs; empty if a project is compared. */
  job_ids: string[]
  project: string
  /** The metric of the curves; null for the one that decides. */
  metric: string | null
  log: boolean
  /** The two jobs whose configurations are side by side; null for the best and the next. */
  sides: readonly [string, string] | null
}

/** The most jobs that are compared by their ids. */
const MOST = 50

/** Reads an address; invalid parameters are ignored. */
export function readQuery(parameters: Pick<URLSearchParams, 'get'>): CompareQuery {
  const ids = idsIn(parameters.get('jobs')).slice(0, MOST)
  const [one, other] = idsIn(parameters.get('sides'))
  return {
    job_ids: ids,
    project: ids.length > 0 ? '' : (parameters.get('project') ?? ''),
    metric: parameters.get('metric')?.slice(0, 300) || null,
    log: parameters.get('log') === '1',
    sides: one && other ? [one, other] : null,
  }
}

function idsIn(text: string | null): string[] {
  const ids = (text ?? '').split(',').map((id) => id.trim().toLowerCase())
  return [...new Set(ids.filter((id) => isId(id)))]
}

/** A query as input of the procedure; null if it names no job and no project. */
export function compareInput({ job_ids, project, metric }: CompareQuery) {
  const curves = metric === null ? {} : { metric }
  if (job_ids.length > 0) return { job_ids, ...curves }
  return project === '' ? null : { project, ...curves }
}

/** A query as the end of an address; defaults are left out. */
export function querySearch({ job_ids, project, metric, log, sides }: CompareQuery): string {
  const parameters = new URLSearchParams()
  if (project) parameters.set('project', project)
  if (metric !== null) parameters.set('metric', metric)
  if (log) parameters.set('log', '1')
  const lists = [
    ...(job_ids.length > 0 ? [`jobs=${job_ids.join(',')}`] : []),
    ...(sides ? [`sides=${sides.join(',')}`] : []),
  ]
  // Ids need no escapes, and a comma is easier to read unescaped.
  return [...lists, ...(parameters.size > 0 ? [parameters.toString()] : [])].join('&')
}
