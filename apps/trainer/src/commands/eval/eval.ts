import { bestEffort } from '@bestmark/db'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { candidatesOf, whyNone } from './candidates.ts'
import { measuredBefore, type Evaluated, type Evaluation } from './evaluation.ts'
import { evaluateEach } from './evaluations.ts'
import { NewCheckpoints } from './newCheckpoints.ts'
import { findRun } from './namedRun.ts'
import { EVAL } from './eval.table.ts'
import { EXIT, Failure } from '../../failure.ts'
import type { SlurmNews } from '../../slurm/batchRun.ts'
import { SAME } from '../../processes/stopRequest.ts'
import { recordScores } from '../score/boardScores.ts'
import { userName } from '../../processes/userName.ts'
import { assertWritable } from '../../sources/scores/scoresFile.ts'
import type { ReadRun } from '../../sources/reader/source.ts'
import { print, notify } from '../../cli/terminal.ts'

/** How long a stopped evaluation may take to print the best checkpoint (ms). */
const STOPPED_PATIENCE = 800

/** How many jobs of Slurm there are at a time by default. */
const AT_ONCE = 8

/** Exit codes after a signal, as in a shell: 128 plus the number of the signal. */
const STOPPED = { SIGINT: 130, SIGTERM: 143 } as const

/** Runs a command on each checkpoint of a run and keeps its measurements as scores. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, template, job } = readWords(words)
  const { run, best } = await findRun(job)
  const candidates = candidatesOf(run, values.only, best)
  const following = values.follow ? new NewCheckpoints(run, candidates) : undefined
  if (candidates.length === 0 && !following) return nothing(run)
  assertWritable(run.root)
  using stopSignal = new StopSignal()
  const how: Evaluation = {
    template,
    cwd: callerPath('.'),
    timeout: values.timeout ?? null,
    by: values.by || userName(),
    stop: stopSignal.signal,
    slurm: slurmOf(values),
  }
  const before = values.again ? new Map<string, never>() : await measuredBefore(run, template)
  const atOnce = how.slurm ? (values['at-once'] ?? AT_ONCE) : 1
  const way = { before, isJson: values.json, atOnce, following }
  const done = await evaluateEach(candidates, how, way)
  if (done.length === 0 && !stopSignal.by) return nothing(run)
  return await end(run.root, done, { stopped: stopSignal.by, isJson: values.json })
}

function nothing(run: ReadRun): number {
  notify(whyNone(run))
  return EXIT.nothing
}

function readWords(words: readonly string[]) {
  const { values, args, program: template } = parse(words, EVAL)
  if (!template.some((word) => /\{(checkpoint|step)\}/.test(word))) {
    throw new Failure(
      'COMMAND must contain {checkpoint} or {step}. Otherwise it measures the same thing each time.',
    )
  }
  if (values.follow && values.only !== undefined) {
    throw new Failure('--follow measures every checkpoint; leave out --only.')
  }
  return { values, template, job: args.RUN }
}

/** How the jobs of Slurm are submitted; undefined if this machine runs the command. */
function slurmOf(values: ReturnType<typeof readWords>['values']): Evaluation['slurm'] {
  const { launcher, sbatch: options } = values
  const only = options.length > 0 ? '--sbatch' : values['at-once'] ? '--at-once' : undefined
  if (launcher === 'slurm') return { options, onNews }
  if (only) throw new Failure(`${only} only works with --launcher slurm.`)
  return undefined
}

function onNews(path: string, { slurm_job_id, waits_for }: SlurmNews): void {
  const what = waits_for === null ? 'runs' : `waits (${waits_for})`
  notify(`  ${path}: Slurm job ${slurm_job_id} ${what}`)
}

async function end(
  root: string,
  done: readonly Evaluated[],
  { stopped, isJson }: { stopped: keyof typeof STOPPED | undefined; isJson: boolean },
): Promise<number> {
  if (done.some(({ error }) => error === null)) {
    const printSelection = async (): Promise<void> => {
      const { selection } = await recordScores(root)
      ;(isJson ? notify : print)(selection.reason)
    }
    // After Ctrl-C a slow database must not delay the exit.
    await (stopped ? bestEffort(printSelection, STOPPED_PATIENCE) : printSelection())
  }
  if (stopped) return STOPPED[stopped]
  const failed = done.filter(({ error }) => error !== null)
  if (failed.length === 0) return EXIT.found
  const names = failed.map(({ of }) => of.checkpoint.path).join(', ')
  notify(`bestmark: ${failed.length} of ${done.length} failed: ${names}.`)
  return EXIT.unusable
}

/** Stores the signal that stops this process. A second signal ends the process at once. */
class StopSignal implements Disposable {
  readonly #over = new AbortController()
  #at = Infinity
  by: keyof typeof STOPPED | undefined

  constructor() {
    process.on('SIGINT', this.#stop).on('SIGTERM', this.#stop)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  readonly #stop = (name: NodeJS.Signals): void => {
    if (performance.now() - this.#at > SAME) process.exit(STOPPED[this.by ?? 'SIGINT'])
    this.#at = Math.min(this.#at, performance.now())
    this.by ??= name === 'SIGINT' ? 'SIGINT' : 'SIGTERM'
    this.#over.abort(this.by)
  };

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#stop).off('SIGTERM', this.#stop)
  }
}
