import { claimOnce, jobStatus, listJobs, uuidv5 } from '@bestmark/db'
import type { Agent } from '../../agent/agent.ts'
import type { Board } from '../../board/board.ts'
import { readRunProcess } from '../../processes/mark.ts'
import { isAlive, signalProcess } from '../../processes/alive.ts'
import { CHAR_LM } from '@bestmark/char-lm'
import { startRun } from '../../agent/startRun.ts'
import { addExamples } from './examples.ts'

/** The run that an empty board starts. */
export interface FirstRun {
  job_id: string
  signal: (name: 'SIGTERM' | 'SIGKILL') => void
  /** Fulfils when the run has ended and is completely recorded. */
  recorded: Promise<void>
}

/**
 * On an empty board, trains the built-in recipe and adds the recorded examples, only once. A later
 * start adds the examples that are missing, because the first one ended too early, and adopts the run
 * if it still trains, because the process that started it was killed.
 */
export async function firstRun(
  board: Board,
  agent: Agent,
  leaving: AbortSignal,
): Promise<FirstRun | undefined> {
  const { db, host_id } = board
  const job_id = uuidv5(host_id, 'first run')
  const stored = await jobStatus(db, job_id)
  if (stored) {
    const run = stillTraining(job_id, stored.output_dir, agent)
    await addExamples(board, leaving)
    return run
  }
  const { total } = await listJobs(db, { shelf: 'kept', limit: 1 })
  if (total > 0 || !(await claimOnce(db, 'first run'))) return undefined
  agent.reserve(job_id)
  const [preset] = CHAR_LM.presets
  const order = { recipe: CHAR_LM, preset, name: 'moby-char-lm', project: 'examples', job_id }
  const run = await startRun(db, board, order)
  const recorded = agent.adopt(run)
  await addExamples(board, leaving)
  return { job_id, signal: run.signal, recorded }
}

function stillTraining(job_id: string, folder: string, agent: Agent): FirstRun | undefined {
  const process = readRunProcess(folder)
  if (!process || !isAlive(process)) return undefined
  const signal: FirstRun['signal'] = (name) => signalProcess(process, name)
  return { job_id, signal, recorded: agent.adopt({ job_id, folder }) }
}
