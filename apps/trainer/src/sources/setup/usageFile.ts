import { type EventOf, isSystem, TrainingEvent } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'

/** The samples that `bestmark run` takes of the machine: one JSON object per line. */
export const USAGE = 'bestmark-usage.jsonl'

/** The sample on a line; none where it is no sample, such as a line that a crash cut. */
export function readUsageLine(line: string): EventOf<'usage'>[] {
  const parsed = TrainingEvent.safeParse({ type: 'usage', attempt: 0, ...jsonObject(line) })
  if (!parsed.success || parsed.data.type !== 'usage') return []
  const used = Object.entries(parsed.data.used).filter(([name]) => isSystem(name))
  return [{ ...parsed.data, used: Object.fromEntries(used) }]
}
