import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { migrate, uuidv5, type Database } from '@bestmark/db'
import { z } from 'zod'

const MIGRATIONS = fileURLToPath(
  new URL('../../../../../packages/db/src/migrations', import.meta.url),
)

/** The rows of a board that a released version wrote; `@RUNS` is the folder of its runs. */
const Dump = z.object({
  migrations: z.array(z.string()),
  rows: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
})
type Dump = z.infer<typeof Dump>

/**
 * Fills an empty database with a board of a released version, with its runs in `folder`, and
 * migrates it to the current version; returns the id of its host.
 */
export async function openReleased(db: Database, name: string, folder: string): Promise<string> {
  const packed = await readFile(join(import.meta.dirname, `${name}.json.gz`))
  const text = String(await promisify(gunzip)(packed))
  const { migrations, rows } = Dump.parse(JSON.parse(movedTo(text, folder)))
  const of_then = await mkdtemp(join(tmpdir(), 'bestmark-migrations-'))
  for (const one of migrations) await cp(join(MIGRATIONS, one), join(of_then, one))
  await migrate(db, of_then)
  await rm(of_then, { recursive: true })
  await db.sql`delete from board`
  const byTable = new Map(Object.entries(rows))
  for (const table of new Set(['board', 'training_jobs', ...byTable.keys()])) {
    const of_table = JSON.stringify(byTable.get(table) ?? [])
    await db.sql`insert into ${db.sql(table)}
      select * from json_populate_recordset(null::${db.sql(table)}, ${of_table}::text::json)`
  }
  await migrate(db)
  return String(rows['training_jobs']?.[0]?.['host_id'])
}

/** Ids of jobs are made from the paths of their folders, and ids of checkpoints from their jobs. */
function movedTo(text: string, folder: string): string {
  const { rows } = Dump.parse(JSON.parse(text))
  let moved = text
  for (const { job_id, host_id, output_dir } of rows['training_jobs'] ?? []) {
    const name = String(output_dir).replace('@RUNS/', '')
    if (name === 'journal') continue
    const now = uuidv5(String(host_id), join(folder, name))
    for (const row of rows['checkpoints'] ?? []) {
      if (row['job_id'] !== job_id) continue
      const { attempt, step, path, checkpoint_id } = row
      const named = `checkpoint ${String(attempt)} ${String(step)} ${String(path)}`
      moved = moved.replaceAll(String(checkpoint_id), uuidv5(now, named))
    }
    moved = moved.replaceAll(String(job_id), now)
  }
  return moved.replaceAll('@RUNS', folder)
}
