import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setOwn } from '@bestmark/core'
import { databaseAt } from '../connection/client.ts'
import { changePolicy } from '../policies/policies.ts'
import { type DatabaseKind, type NewDatabase, newDatabase } from '../testing.ts'
import {
  checkpoint,
  ended,
  evaluation,
  event,
  metrics,
  newJob,
  recordEvents,
  started,
} from '../testRun.ts'
import { saveView } from '../views/views.ts'
import { BOARD_TABLES } from './boardTables.ts'
import type { BackupFile } from './restoreBackup.ts'
import { writeBackup } from './writeBackup.ts'

export const ORIGIN = { bestmark: '0.1.0', host: 'workstation', host_id: randomUUID() }

/** A database with a function that opens it under a name. */
export async function aDatabase(kind?: DatabaseKind) {
  const { address, drop }: NewDatabase = await newDatabase(kind)
  const open = (application_name = 'bestmark') => databaseAt({ ...address, application_name })
  return { open, address, [Symbol.asyncDispose]: drop }
}

export type Opened = ReturnType<Awaited<ReturnType<typeof aDatabase>>['open']>

/** A job with everything that has rows of its own, and names that COPY must escape. */
export async function fill(db: Opened): Promise<string> {
  const job_id = await newJob(db, { name: 'tab\t\\. newline\n\\N', project: '\\.' })
  await recordEvents(
    db,
    job_id,
    started(),
    ...Array.from({ length: 300 }, (_, step) => metrics(step, { loss: 1 / step, 'a\\b': NaN })),
    evaluation(100, 0.5),
    evaluation(200, 'NaN'),
    checkpoint(100),
    event({ type: 'log', at: 1, level: 'info', text: '\\.' }),
    event({ type: 'sample', step: 100, kind: 'text', text: '\n\\.\n', prompt: 'why?' }),
    ended(),
  )
  await changePolicy(db, { job_id }, { policy: 'lowest_eval_loss', options: {} }, 'ben')
  await saveView(db, { name: 'mine', query: '?project=\\.' })
  return job_id
}

/** A backup of a database, uncompressed. */
export async function textOf(db: Opened): Promise<Buffer> {
  const pieces: Buffer[] = []
  await writeBackup(db, ORIGIN, async (bytes) => void pieces.push(Buffer.from(bytes)))
  return Buffer.concat(pieces)
}

export function fileOf(bytes: Buffer): BackupFile {
  return { name: 'a.bestmark', open: () => Readable.from(pieces(bytes)) }
}

/** Bytes in small pieces, so that every boundary is somewhere. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000)
}

/** All rows of all tables as text, except the numbers that belong to one database. */
export async function rowsOf({ sql }: Opened): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {}
  for (const table of BOARD_TABLES) {
    const found = await sql.unsafe<{ row: string }[]>(
      `select (to_jsonb(t) - 'board_revision')::text as row from ${table} as t order by 1`,
    )
    setOwn(
      rows,
      table,
      found.map(({ row }) => row),
    )
  }
  return rows
}
