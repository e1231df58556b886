import { JOURNAL } from '@bestmark/core'
import { openJournal } from '../apps/trainer/src/journal/write.ts'
import { Training } from '@bestmark/char-lm/training'
import { JournaledRun } from '../apps/trainer/src/recipes/journaledRun.ts'
import { temporaryFolder } from '../apps/trainer/src/testing.ts'
import { median, ms, printLine } from './figures.ts'

/** Ends before the first save, so that all steps are alike. */
const STEPS = 49
/** Steps before the measurement, to warm up. */
const WARM = 9

/** The share of a training step of the built-in recipe that goes into reporting. */
export async function run(): Promise<void> {
  await using folder = await temporaryFolder()
  const header = {
    journal: 1,
    job_id: crypto.randomUUID(),
    name: 'bench',
    project: 'bench',
  } as const
  using journal = openJournal(folder.path, { ...header, recipe: 'char-lm' })
  const append = journal.append.bind(journal)
  let reporting = 0
  journal.append = (event) => {
    const since = performance.now()
    append(event)
    reporting += performance.now() - since
  }
  const request = { folder: folder.path, attempt: 0, preset: 'default', resume: null }
  const training = new Training(new JournaledRun(journal, request, new AbortController().signal))
  training.begin()
  const steps: number[] = []
  const reportTimes: number[] = []
  for (let step = 1; step <= STEPS; step++) {
    reporting = 0
    const since = performance.now()
    training.learn()
    if (step <= WARM) continue
    steps.push(performance.now() - since)
    reportTimes.push(reporting)
  }
  const [step, report] = [median(steps), median(reportTimes)]
  const share = ((100 * report) / step).toFixed(2)
  printLine(`  ${report.toFixed(3)} ms of a step's ${ms(step)} go to ${JOURNAL}: ${share} %`)
}
