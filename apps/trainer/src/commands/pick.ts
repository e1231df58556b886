import { join } from 'node:path'
import { Direction, measuredJson, Policy, rowsFrom, select, type Selection } from '@bestmark/core'
import { callerPath, oneOf, parseWords } from '../arguments.ts'
import { EXIT, Failure, sentence, worse, type Exit } from '../failure.ts'
import { readRun } from '../sources/run.ts'

export const usage =
  'bestmark pick PATH… [--metric NAME] [--mode min|max] [--policy NAME] [--evaluations] [--json] [--fail-on-disagreement]'

const OPTIONS = {
  metric: { type: 'string' },
  mode: { type: 'string' },
  policy: { type: 'string' },
  evaluations: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'fail-on-disagreement': { type: 'boolean', default: false },
} as const

interface Asked {
  metric: string | undefined
  direction: Direction | undefined
  policy: Policy
  evaluations: boolean
  json: boolean
  failOnDisagreement: boolean
}

/** What one path came to: a selection, or what is wrong with it. */
type Answer = { path: string; exit: Exit } & (
  { error: string } | { root: string; selection: Selection }
)

/** Prints the best checkpoint of each path and why; returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { paths, asked } = readWords(words)
  const answers: Answer[] = []
  // One after the other: each opens many files, and there may be thousands of paths.
  for (const path of paths) answers.push(await answer(path, asked))
  for (const given of answers) {
    if (asked.json) process.stdout.write(`${jsonLine(given)}\n`)
    else printPlain(given, answers.length > 1)
  }
  return answers.map(({ exit }) => exit).reduce(worse)
}

function readWords(words: readonly string[]): { paths: string[]; asked: Asked } {
  const { values, positionals } = parseWords(words, OPTIONS, usage)
  if (positionals.length === 0)
    throw new Failure(`Name a training output to pick from. Usage: ${usage}`)
  const asked = {
    metric: values.metric,
    direction: oneOf(Direction.options, values.mode, '--mode'),
    policy: oneOf(Policy.options, values.policy, '--policy') ?? 'as_declared',
    evaluations: values.evaluations,
    json: values.json,
    failOnDisagreement: values['fail-on-disagreement'],
  }
  if (asked.policy === 'lowest_eval_loss' && (asked.metric ?? asked.direction) !== undefined) {
    throw new Failure(
      '--policy lowest_eval_loss is told no --metric and no --mode; leave them out.',
    )
  }
  return { paths: positionals, asked }
}

async function answer(path: string, asked: Asked): Promise<Answer> {
  try {
    const run = await readRun(callerPath(path))
    const { metric, direction, policy } = asked
    const among = asked.evaluations || run.isSingleFile ? 'evaluations' : 'checkpoints'
    const told = { metric, direction }
    const selection = select({ policy, told, among, ...rowsFrom(run.events) })
    return { path, root: run.root, selection, exit: exitOf(selection, asked) }
  } catch (error) {
    const exit = error instanceof Failure ? error.exit : EXIT.unusable
    return { path, error: sentence(error), exit }
  }
}

function exitOf({ best, metric, direction, second_opinion }: Selection, asked: Asked): Exit {
  if (metric !== null && direction === null) return EXIT.unusable
  if (asked.failOnDisagreement && second_opinion?.agrees === false) return EXIT.disagreement
  return best ? EXIT.found : EXIT.nothing
}

function jsonLine(given: Answer): string {
  if ('error' in given) return measuredJson({ path: given.path, error: given.error })
  const { path, root, selection } = given
  const { best, metric, direction, policy, declared_by, reason, runner_up, margin } = selection
  const { missed_best, passed_over, second_opinion } = selection
  return measuredJson({
    path,
    best_checkpoint_path: absolute(root, best?.path),
    best_step: best?.step ?? null,
    best_metric: best?.value ?? null,
    best_metric_name: metric,
    direction,
    policy,
    declared_by,
    reason,
    runner_up: runner_up && { ...runner_up, path: absolute(root, runner_up.path) },
    margin,
    missed_best,
    passed_over,
    second_opinion,
  })
}

function absolute(root: string, path: string | null | undefined): string | null {
  return path === null || path === undefined ? null : join(root, path)
}

function printPlain(given: Answer, named: boolean): void {
  const prefix = named ? `${given.path}: ` : ''
  if ('error' in given) {
    process.stderr.write(`bestmark: ${given.error}\n`)
    return
  }
  const { root, selection } = given
  const { best, reason, second_opinion } = selection
  const why = [reason, second_opinion?.text].filter(Boolean).join(' ')
  if (!best) {
    process.stderr.write(`${prefix}${why}\n`)
    return
  }
  const found = absolute(root, best.path) ?? `step ${best.step}`
  process.stdout.write(`${prefix}${found}\n${why}\n`)
}
