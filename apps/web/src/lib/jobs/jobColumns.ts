import type { JobCells } from '../api.ts'
import { directionOf, ownValue } from '@bestmark/core'
import { measure } from '../figures.ts'
import { settingText } from '../job/configuration.ts'
import type { JobQuery } from './jobQuery.ts'

const KINDS = ['best', 'last', 'config'] as const

/** A column that a person chose: `best:METRIC`, `last:METRIC` or `config:SETTING`. */
export type ColumnKey = `${(typeof KINDS)[number]}:${string}`

/** As many as the board reads at once. */
export const MOST_COLUMNS = 20

export function isColumn(text: string): text is ColumnKey {
  return (
    text.length <= 400 && KINDS.some((kind) => text.startsWith(`${kind}:`) && text !== `${kind}:`)
  )
}

/** A column's name, and what of it is shown. */
export function columnWords(key: ColumnKey): { kind: string; name: string } {
  const [kind, ...name] = key.split(':')
  return { kind: kind === 'config' ? '' : (kind ?? ''), name: name.join(':') }
}

/** A cell as text; undefined where the job has no value. */
export function cellText(cells: JobCells, job_id: string, key: ColumnKey): string | undefined {
  const own = ownValue(cells, job_id)
  const value = own && ownValue(own, key)
  if (value === undefined) return undefined
  const isMetric = !key.startsWith('config:') && typeof value === 'number'
  return isMetric ? measure(value) : settingText(value)
}

/** The query that a click on a column's head makes: its best first, then the other way round. */
export function sortedBy(query: JobQuery, key: ColumnKey): JobQuery {
  const { name } = columnWords(key)
  const first = !key.startsWith('config:') && directionOf(name) === 'max'
  const descending = query.sort === key ? !query.descending : first
  return { ...query, sort: key, descending, cursor: null }
}
