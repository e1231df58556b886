import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JOURNAL } from '@bestmark/core'
import { FilesRecorder } from '../apps/trainer/src/recording/filesRecorder.ts'
import { eventRecord } from '../apps/trainer/src/sources/tensorboard/tfeventsTesting.ts'
import { ingest, NAMES, valueAt } from './ingest.ts'

/** An event file with one record per number, as SummaryWriter.add_scalar writes it. */
export async function run(): Promise<void> {
  await ingest({
    file: 'events.out.tfevents.1.bench',
    bytesAt: (step) => {
      const numbers = NAMES.map((tag, index) => ({ tag, value: valueAt(step, index) }))
      return Buffer.concat(numbers.map((number) => eventRecord(step, [number], step / 1_000)))
    },
    record: async (db, run) => {
      // Only the event file must be read.
      await rm(join(run.folder, JOURNAL))
      const recorder = new FilesRecorder(db, run, { isOver: true })
      while (await recorder.record());
    },
  })
}
