import { shellWord } from '@bestmark/core'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure, systemCode } from '../failure.ts'
import { withoutPageSecret } from '../processes/spawn.ts'

const execute = promisify(execFile)
/** How long sbatch may take (ms). */
const PATIENCE = 60_000

/** A command that Slurm shall run, without a shell that reads its words. */
export interface BatchCommand {
  words: readonly string[]
  name: string
  cwd: string
  env: NodeJS.ProcessEnv
  /** More options of sbatch. The others here count more. */
  options: readonly string[]
  /** Files for its stdout and stderr. */
  out: string
  err: string
  /** How its output is opened if Slurm starts it again. */
  mode: 'append' | 'truncate'
  comment?: string
}

/** Submits a command and returns the number of its job. Throws a Failure with what sbatch says. */
export async function submitBatch(command: BatchCommand): Promise<string> {
  const { name, cwd, env, options, out, err, mode, comment } = command
  const own = {
    ...{ 'job-name': jobName(name), chdir: cwd, 'open-mode': mode },
    ...{ output: plainPath(out), error: plainPath(err) },
    ...(comment !== undefined && { comment }),
  }
  const words = Object.entries(own).map(([option, value]) => `--${option}=${value}`)
  const submitting = execute('sbatch', ['--parsable', ...options, ...words], {
    cwd,
    env: withoutPageSecret(env),
    timeout: PATIENCE,
  })
  submitting.child.stdin?.on('error', () => undefined).end(batchScript(command.words))
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

/** A path in which Slurm replaces nothing. */
function plainPath(path: string): string {
  return path.replaceAll('%', '%%')
}

function submitError(cause: unknown): string {
  if (systemCode(cause) === 'ENOENT') {
    return 'This host has no sbatch. Install the client of Slurm, or use another launcher.'
  }
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : ''
  return stderr.split('\n').at(-1) || 'sbatch failed without a message.'
}
