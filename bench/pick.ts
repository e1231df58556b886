import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { temporaryFolder, writeOutput } from '../apps/trainer/src/testing.ts'
import { ROOT } from '../e2e/board.ts'
import { median, ms, printLine, timings } from './figures.ts'

const call = promisify(execFile)
const CHECKPOINTS = 50
const SAVE_EVERY = 500
const LOG_EVERY = 10

/** One process from its start to its answer, against a process that does nothing. */
export async function run(): Promise<void> {
  await using folder = await temporaryFolder()
  const saves = Array.from({ length: CHECKPOINTS }, (_, index) => (index + 1) * SAVE_EVERY)
  await writeOutput(folder.path, { saves, log: aLog() })
  const ours = median(await timings(9, () => call(`${ROOT}bestmark`, ['pick', folder.path])))
  const floor = median(await timings(9, () => call(process.execPath, ['-e', '0'])))
  printLine(
    `  ${ms(ours)}; a process that does nothing ${ms(floor)}: ${(ours / floor).toFixed(1)} times`,
  )
}

function aLog(): Record<string, number>[] {
  const log: Record<string, number>[] = []
  for (let step = LOG_EVERY; step <= CHECKPOINTS * SAVE_EVERY; step += LOG_EVERY) {
    const epoch = step / 1000
    log.push({ step, epoch, loss: Math.random(), grad_norm: Math.random(), learning_rate: 1e-4 })
    if (step % SAVE_EVERY === 0) log.push({ step, epoch, eval_loss: Math.random() })
  }
  return log
}
