import { shellWord } from '@bestmark/core'
import type { ClaimedOrder } from '@bestmark/db'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure, systemCode } from '../failure.ts'
import { withoutPageSecret } from '../processes/spawn.ts'
import { orderedCommand } from '../recipes/orderedRun.ts'
import type { RecipeOptions } from '../recipes/recipeOptions.ts'
import { printedBy } from './shownJob.ts'

const execute = promisify(execFile)
/** How long sbatch may take (ms). */
const PATIENCE = 60_000

/**
 * Submits the command of an order to Slurm, and returns the number of its job. If an agent that was
 * killed had submitted it already, it is the number of that job. Throws a Failure with what sbatch says.
 */
export async function submitOrdered(
  order: ClaimedOrder,
  recipe: RecipeOptions,
  home: string,
): Promise<string> {
  const { words, cwd, env, log } = await orderedCommand(order, recipe, home)
  const comment = `bestmark ${order.order_id}`
  const before = order.was_taken ? await submittedBefore(comment) : undefined
  if (before !== undefined) return before
  const { partition, time, gres, options = [] } = recipe.slurm ?? {}
  const wanted = Object.entries({ partition, time, gres }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  const given = { 'job-name': jobName(order.name), chdir: cwd, comment }
  // `bestmark run` keeps the output in the folder of the run.
  const outputs = ['--output=/dev/null', `--error=${log.replaceAll('%', '%%')}`]
  const own = Object.entries(given).map(([name, value]) => `--${name}=${value}`)
  const argv = ['--parsable', '--open-mode=append', ...wanted, ...options, ...own, ...outputs]
  const submitting = execute('sbatch', argv, {
    cwd,
    env: withoutPageSecret(env),
    timeout: PATIENCE,
  })
  submitting.child.stdin?.on('error', () => undefined).end(batchScript(words))
  const { stdout } = await submitting.catch((cause: unknown) => {
    throw new Failure(submitError(cause), { cause })
  })
  const [number = ''] = stdout.trim().split(';')
  if (/^\d+$/.test(number)) return number
  throw new Failure(`sbatch printed no number of a job: ${stdout.trim()}`)
}

/**
 * A script that becomes the command, so that signals of Slurm reach it. sbatch reads options only in
 * the comments before the first command, so no word of the command is one.
 */
function batchScript(words: readonly string[]): string {
  return `#!/bin/sh\nexec ${words.map(shellWord).join(' ')}\n`
}

function jobName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').slice(0, 100) || 'run'
}

/** The job that was submitted with a comment and has not ended. */
async function submittedBefore(comment: string): Promise<string | undefined> {
  const lines = (await printedBy('squeue', ['--noheader', '--format=%A %k']))?.split('\n') ?? []
  const line = lines.find((one) => one.trim().replace(/^\d+ /, '') === comment)
  return line?.trim().split(' ')[0]
}

function submitError(cause: unknown): string {
  if (systemCode(cause) === 'ENOENT') {
    return 'This host has no sbatch. Install the client of Slurm, or use launcher: agent.'
  }
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : ''
  return stderr.split('\n').at(-1) || 'sbatch failed without a message.'
}
