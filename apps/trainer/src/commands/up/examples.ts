import { JOURNAL } from '@bestmark/core'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claimExample, privateFolder, uuidv5 } from '@bestmark/db'
import type { Board } from '../../board/board.ts'
import { importRun } from '../../recording/importRun.ts'

/**
 * Real runs, recorded by clients/python/programs/stories.py: a best evaluation between two saves, a
 * loss and an F1 that disagree, and a best checkpoint that the trainer removed. Their weights are
 * placeholders.
 */
const EXAMPLES = ['best-between-saves', 'loss-against-f1', 'best-rotated-away']
const RECORDED = fileURLToPath(new URL('../../../stories', import.meta.url))

/**
 * Puts the recorded runs on a board as examples, only once, since a user may have removed them. After
 * an abort of `leaving` the next start adds the rest.
 */
export async function addExamples(board: Board, leaving: AbortSignal): Promise<void> {
  for (const name of EXAMPLES) {
    if (leaving.aborted) return
    const job_id = uuidv5(board.host_id, `story ${name}`)
    if (!(await claimExample(board.db, job_id))) continue
    const root = join(await privateFolder(board.home, 'examples'), name)
    await cp(join(RECORDED, name), root, { recursive: true })
    await setJobId(join(root, JOURNAL), job_id)
    await importRun(board, root, {})
  }
}

/** Gives an example the id of this board, since several boards may share a database. */
async function setJobId(journal: string, job_id: string): Promise<void> {
  const text = await readFile(journal, 'utf8')
  await writeFile(journal, text.replace(/("job_id": ?")[^"]*/, `$1${job_id}`))
}
