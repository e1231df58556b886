import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type JournalEvent, openJournal } from '../../journal/write.ts'
import { readScores } from '../../sources/scores/scoresFile.ts'
import { eventually } from '../../testing.ts'

/** A run that trains, with a journal to which a test adds events. Use it only in tests. */
export async function growingRun(root: string) {
  await mkdir(root)
  const named = { name: 'growing', project: 'p', recipe: null }
  const header = { journal: 1, job_id: randomUUID(), ...named } as const
  const add = (event: Partial<JournalEvent>): void => {
    using journal = openJournal(root, header)
    journal.append({ attempt: 0, at: Date.now(), ...event } as JournalEvent)
  }
  const saves = async (step: number): Promise<void> => {
    const path = `checkpoint-${step}`
    await mkdir(join(root, path))
    await writeFile(join(root, path, 'model.bin'), path)
    add({ type: 'checkpoint', step, path, files_state: 'complete' })
  }
  const steps = () => readScores(root).scores.map(({ step }) => step)
  const scored = (step: number) => eventually(async () => steps().includes(step) || undefined)
  add({ type: 'started' })
  return { root, add, saves, steps, scored }
}
