import type { JobCells } from '../api.ts'
import { COLUMN_KINDS, type ColumnKey, LONGEST_COLUMN, ownValue } from '@bestmark/core'
import { measure, optionText } from '../figures.ts'

export function isColumn(text: string): text is ColumnKey {
  return (
    text.length <= LONGEST_COLUMN &&
    COLUMN_KINDS.some((kind) => text.startsWith(`${kind}:`) && text !== `${kind}:`)
  )
}

/** A column's name, and what of it is shown. */
export function columnWords(key: ColumnKey): { kind: string; name: string } {
  const [kind, ...name] = key.split(':')
  return { kind: kind === 'config' ? '' : (kind ?? ''), name: name.join(':') }
}

/** A cell as text; undefined where the job has no value. */
export function cellText(cells: JobCells, job_id: string, key: ColumnKey): string | undefined {
  const ofJob = ownValue(cells, job_id)
  const value = ofJob && ownValue(ofJob, key)
  if (value === undefined) return undefined
  const isMetric = !key.startsWith('config:') && typeof value === 'number'
  return isMetric ? measure(value) : optionText(value)
}
