import type { IngestCode } from '@bestmark/core'
import { Refused } from '../values/refused.ts'
import type { JournalOffset } from './sentCursor.ts'

/** A piece of a journal is not taken: a code for programs, and a sentence for people. */
export class IngestRefused extends Refused {
  readonly code: IngestCode
  /** How far the board has the journal, if that helps to go on. */
  readonly at: JournalOffset | undefined

  constructor(code: IngestCode, message: string, at?: JournalOffset) {
    super(message)
    this.code = code
    this.at = at
  }
}
