import { stripVTControlCharacters } from 'node:util'
import type { EventOf } from '@bestmark/core'
import { MARK } from '../output/textLog.ts'

/** What a person saw last of a printed line; none of empty ones, and of those of `bestmark run`. */
export function readPrintedLine(line: string): EventOf<'log'>[] {
  if (line.startsWith(MARK)) return []
  // A progress bar is drawn over and over on one line.
  const parts = stripVTControlCharacters(line).split('\r')
  const text = parts.findLast((part) => part.trim() !== '')?.trimEnd()
  if (text === undefined) return []
  return [{ type: 'log', attempt: 0, at: null, step: null, level: 'info', text }]
}
