import { stripVTControlCharacters } from 'node:util'
import type { EventOf } from '@bestmark/core'
import { MARK } from '../output/runOutput.ts'
import { printedLevel } from './printedLevel.ts'

/** A printed line as a log event. Empty lines and marks of `bestmark run` are ignored. */
export function readPrintedLine(line: string): EventOf<'log'>[] {
  if (line.startsWith(MARK)) return []
  // A progress bar is drawn many times on one line; only its last state is shown.
  const parts = stripVTControlCharacters(line).split('\r')
  const text = parts.findLast((part) => part.trim() !== '')?.trimEnd()
  if (text === undefined) return []
  return [{ type: 'log', attempt: 0, at: null, step: null, level: printedLevel(text), text }]
}
