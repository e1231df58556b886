import { openDatabase, migrate, stopEmbedded } from '@bestmark/db'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { recordJournal } from '../apps/trainer/src/recorder.ts'
import { ms, say } from './figures.ts'
import { beginRun } from './run.ts'

const POINTS = 100_000

/** A journal that is all there, to committed rows, against rows of the same points by one statement. */
export async function run(): Promise<void> {
  await using home = await temporaryFolder()
  const db = await openDatabase({ home: home.path })
  await migrate(db)
  const { job_id, folder, journal } = await beginRun(db, home.path, POINTS)
  for (let step = 1; step <= POINTS; step++) {
    journal.append({ type: 'metrics', attempt: 0, step, at: step, values: { loss: 1 / step } })
  }
  const since = performance.now()
  await recordJournal(db, { job_id, folder })
  const ours = performance.now() - since
  await db.sql`create table plain_points (step float8, value float8, at float8)`
  const sinceFloor = performance.now()
  await db.sql`insert into plain_points
    select step, 1 / step::float8, step from generate_series(1, ${POINTS}::int) as step`
  const floor = performance.now() - sinceFloor
  const rate = Math.round((1000 * POINTS) / ours / 1000)
  say(
    `  ${ms(ours)}, ${rate} thousand points/s; plain rows made in the server ${ms(floor)}: ${(ours / floor).toFixed(0)} times`,
  )
  await db.close()
  await stopEmbedded(home.path)
}
