import type { Explanation, Origin, TrainingJobStatus } from '@bestmark/core'
import { statusLines } from '../fields.ts'

/** One figure beside the choice, as it is shown. */
export interface ReadingLine {
  name: string
  label: string
  text: string
  remark: string | null
  origin: Origin | null
}

/** The latest figures of the run, then the readings of the choice, which say more of the same name. */
export function readingLines(
  status: TrainingJobStatus,
  { readings }: Pick<Explanation, 'readings'>,
): ReadingLine[] {
  const told = new Set(readings.map(({ name }) => name))
  const latest = statusLines(status, 'reading').filter(({ name }) => !told.has(name))
  return [...latest.map((line) => ({ ...line, remark: null, origin: null })), ...readings]
}
