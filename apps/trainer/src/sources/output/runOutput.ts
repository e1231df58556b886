import { EndCause } from '@bestmark/core'
import { join } from 'node:path'
import type { Listing } from '../../files/listing.ts'
import { LINKED_LOGS } from '../logs/logFile.ts'

/** The file with a program's output under `bestmark run`. */
export const OUTPUT = 'bestmark-output.log'
/** Its stderr, if that is separate from stdout. */
export const ERRORS = 'bestmark-output.stderr.log'
/** The prefix of marks: lines of `bestmark run` itself for each start and end. */
export const MARK = 'bestmark run: '

/** A mark: a start or an end, its time (ms), the error of a failed program, and what else ended it. */
export interface Mark {
  word: 'started' | 'completed' | 'stopped' | 'failed'
  at: number | null
  error: string | null
  cause: EndCause | null
}

/** Reads a mark; undefined for a line of the program. */
export function readMark(text: string): Mark | undefined {
  const mark = text.startsWith(MARK) ? text.slice(MARK.length) : ''
  const [, time = '', name, cause = '', rest = ''] =
    /^(\S+) (started|completed|stopped|failed)(?: \[([^\]]*)\])?(?:: (.*))?/.exec(mark) ?? []
  const word = (['started', 'completed', 'stopped', 'failed'] as const).find((one) => one === name)
  if (!word) return undefined
  const at = Date.parse(time)
  const error = word === 'failed' && rest !== '' ? rest : null
  return { word, at: Number.isNaN(at) ? null : at, error, cause: readCause(cause) }
}

/** How a mark names what ended a program, such as ` [cancelled by ana]`. */
export function causeMark({ code, by, is_inferred }: EndCause): string {
  const who = by === null ? '' : ` by ${by.replace(/[\]\n]/g, ' ')}`
  return ` [${code}${is_inferred ? ' inferred' : ''}${who}]`
}

function readCause(text: string): EndCause | null {
  const [, code, inferred, by = null] = /^(\w+)( inferred)?(?: by (.*))?$/.exec(text) ?? []
  return EndCause.safeParse({ code, by, is_inferred: inferred !== undefined }).data ?? null
}

/** Paths of the output that `bestmark run` keeps: in the root, else in the folder of linked logs. */
export async function findRunOutput(listing: Listing): Promise<string[]> {
  for (const folder of ['', LINKED_LOGS]) {
    const names = listing.names(folder)
    const found = [ERRORS, OUTPUT].filter((name) => names.includes(name))
    if (found.length > 0) return found.map((name) => join(folder, name))
  }
  return []
}
