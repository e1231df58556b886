import { JOURNAL } from '@bestmark/core'
import { recordJournal } from '../apps/trainer/src/recording/journal.ts'
import { ingest, NAMES, valueAt } from './ingest.ts'

/** A journal with one line per step. */
export async function run(): Promise<void> {
  await ingest({
    file: JOURNAL,
    bytesAt: (step) => `${JSON.stringify(eventAt(step))}\n`,
    record: async (db, run) => {
      while (await recordJournal(db, run));
    },
  })
}

function eventAt(step: number) {
  const values = Object.fromEntries(NAMES.map((name, index) => [name, valueAt(step, index)]))
  return { type: 'metrics', attempt: 0, step, at: step, values }
}
