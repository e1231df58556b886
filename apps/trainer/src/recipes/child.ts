import { ownValue, type JournalHeader, JOURNAL } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { lastAttempt } from '../journal/read.ts'
import { openJournal } from '../journal/write.ts'
import { notify } from '../cli/terminal.ts'
import { CHAR_LM, removeUnfinished, type Run } from '@bestmark/char-lm'
import { findRecipe, readChildArgs, type RunRequest } from './recipe.ts'
import { JournaledRun } from './journaledRun.ts'
import { TAKEN, claimRun } from '../processes/runClaim.ts'

/** The trainer of each recipe; modules are loaded when they are needed. */
const TRAINERS: Record<string, () => Promise<(run: Run) => Promise<'completed' | 'stopped'>>> = {
  [CHAR_LM.name]: async () => (await import('@bestmark/char-lm/train')).trainCharLm,
}

/** The process of one attempt. It writes everything to its folder, so it does not need its parent. */
async function main(request: RunRequest): Promise<void> {
  const recipe = findRecipe(request.recipe)
  const folder = resolve(request.folder)
  const next = () => (lastAttempt(join(folder, JOURNAL)) ?? -1) + 1
  const attempt = request.attempt ?? next()
  // Must come before process.json is written, because after that a stop signal may arrive.
  const stop = stopSignal()
  const other = claimRun(folder, attempt)
  if (other) return leave(`Process ${other.pid} already trains ${folder}. Stop it first.`)
  if (attempt < next())
    return leave(`Another process trained attempt ${attempt} of ${folder} first.`)
  removeUnfinished(folder)
  using journal = openJournal(folder, headerOf(folder, recipe.name))
  const run = new JournaledRun(journal, { ...request, folder, attempt }, stop)
  try {
    const train = await ownValue(TRAINERS, recipe.name)?.()
    if (!train) throw new Error(`The recipe ${recipe.name} has no trainer.`)
    run.record({ type: 'ended', status: await train(run) })
  } catch (error) {
    run.record({ type: 'ended', status: 'failed', error: messageOf(error) })
    throw error
  } finally {
    await run.settle()
  }
}

/** Ends without writing to the journal, which belongs to another process. */
function leave(why: string): void {
  notify(why)
  process.exitCode = TAKEN
}

/** A signal that the first SIGTERM or SIGINT aborts; later ones change nothing. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => controller.abort(signal))
  }
  return controller.signal
}

/** The header of a run without a header. */
function headerOf(folder: string, recipe: string): JournalHeader {
  const name = basename(folder)
  return { journal: 1, job_id: randomUUID(), name, project: 'default', recipe }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

// An error here ends the process with exit code 1 and is written to its log.
await main(readChildArgs(process.argv.slice(2)))
