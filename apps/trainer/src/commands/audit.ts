import { columns } from '@bestmark/core'
import { type AuditEntry, listAudit } from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { secondText } from '../cli/timeText.ts'
import { EXIT } from '../failure.ts'
import { AUDIT } from './audit.table.ts'

/** Lists the last writes. Exits with 1 if there is none. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, AUDIT)
  await using board = await openBoard()
  const entries = await listAudit(board.db, { limit: values.last })
  if (values.json) print(...entries.map((entry) => JSON.stringify(entry)))
  else print(...columns(entries.map(cellsOf), []))
  if (entries.length === 0) notify('Nobody has changed anything through the pages or the API yet.')
  return entries.length > 0 ? EXIT.found : EXIT.nothing
}

function cellsOf({ at, caller, name, procedure, outcome, subject }: AuditEntry): string[] {
  const time = secondText(at)
  const who = caller === 'link' ? 'the link' : `${caller} ${name}`
  const what = Object.entries(subject).map(([field, value]) => `${field}=${String(value)}`)
  return [time, who, procedure, outcome ?? 'unknown', what.join(' ')]
}
