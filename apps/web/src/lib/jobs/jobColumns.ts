import type { JobCells } from '../api.ts'
import { ownValue } from '@bestmark/core'
import { measure, settingText } from '../figures.ts'

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
