import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from './src/connection/openDatabase.ts'
import { stopEmbedded } from './src/connection/embedded/embedded.ts'
import { EMPTY_BOARD } from './src/connection/embedded/testFiles.ts'
import { migrate } from './src/connection/migrate.ts'

/** Makes the files of an empty board, which tests of the embedded server copy. */
export async function setup(): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'bestmark-files-'))
  await chmod(home, 0o755)
  const db = await openDatabase({ home })
  await migrate(db)
  await db.close()
  await stopEmbedded(home)
  process.env[EMPTY_BOARD] = home
  return () => rm(home, { recursive: true })
}
