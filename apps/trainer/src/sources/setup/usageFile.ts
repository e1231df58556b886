import { type EventOf, isSystem, TrainingEvent } from '@bestmark/core'
import { jsonObject } from '../../files/json.ts'

/** The file of `bestmark run` with samples of the machine's usage: one JSON object per line. */
export const USAGE = 'bestmark-usage.jsonl'

/** Reads a sample. A line without a valid one is ignored, such as a line that a crash cut. */
export function readUsageLine(line: string): EventOf<'usage'>[] {
  const parsed = TrainingEvent.safeParse({ type: 'usage', attempt: 0, ...jsonObject(line) })
  if (!parsed.success || parsed.data.type !== 'usage') return []
  const used = Object.entries(parsed.data.used).filter(([name]) => isSystem(name))
  return [{ ...parsed.data, used: Object.fromEntries(used) }]
}
