import { measuredJson, type PolicyChoice } from '@bestmark/core'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { absoluteOrNull, choiceJson, choiceOf, explanationLines, type Choice } from './choice.ts'
import { EXIT, Failure, errorText, worseExit, type Exit } from '../../failure.ts'
import { linkCheckpoints, refuseSeveral } from '../../sources/checkpointLinks.ts'
import { policyChoiceOf } from '../../cli/policyOptions.ts'
import { PICK } from './pick.table.ts'
import { print, printPath, notify } from '../../cli/terminal.ts'

interface Asked {
  settings: PolicyChoice
  evaluations: boolean
  explain: boolean
  json: boolean
  failOnDisagreement: boolean
  checkpoints: string | undefined
}

/** The answer for one path: a choice, or an error. */
type Answer = { path: string; exit: Exit } & ({ error: string } | Choice)

/** Prints the best checkpoint of each path and why; returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { paths, asked } = readWords(words)
  const answers: Answer[] = []
  // One after the other, since each opens many files, and there may be thousands of paths.
  for (const path of paths) answers.push(await answer(path, asked))
  for (const given of answers) {
    if (asked.json) print(jsonLine(given))
    else printPlain(given, answers.length > 1, asked.explain)
  }
  return answers.map(({ exit }) => exit).reduce(worseExit)
}

function readWords(words: readonly string[]): { paths: string[]; asked: Asked } {
  const { values, args } = parse(words, PICK)
  if (values.json && values.explain) {
    throw new Failure('Leave out --explain: --json prints the whole explanation.')
  }
  const { evaluations, explain, json, checkpoints } = values
  refuseSeveral(args.PATH, checkpoints)
  const settings = policyChoiceOf(values.policy, values)
  const failOnDisagreement = values['fail-on-disagreement']
  return {
    paths: args.PATH,
    asked: { settings, evaluations, explain, json, failOnDisagreement, checkpoints },
  }
}

async function answer(path: string, asked: Asked): Promise<Answer> {
  try {
    const choice = await chosen(callerPath(path), asked)
    return { path, ...choice, exit: exitOf(choice, asked) }
  } catch (error) {
    const exit = error instanceof Failure ? error.exit : EXIT.unusable
    return { path, error: errorText(error), exit }
  }
}

/** Links to the weights that were named are there only while the run is read. */
async function chosen(
  path: string,
  { settings, evaluations, checkpoints }: Asked,
): Promise<Choice> {
  if (checkpoints === undefined) return choiceOf(path, settings, evaluations)
  const { root, undo } = await linkCheckpoints(path, callerPath(checkpoints))
  try {
    return await choiceOf(root, settings, evaluations)
  } finally {
    await undo()
  }
}

function exitOf({ selection, problem }: Choice, asked: Asked): Exit {
  const { best, metric, direction, second_opinion } = selection
  if (problem !== null || (metric !== null && direction === null)) return EXIT.unusable
  if (asked.failOnDisagreement && second_opinion?.agrees === false) return EXIT.disagreement
  return best ? EXIT.found : EXIT.nothing
}

function jsonLine(given: Answer): string {
  const { path } = given
  return measuredJson(
    'error' in given ? { path, error: given.error } : { path, ...choiceJson(given) },
  )
}

function printPlain(given: Answer, named: boolean, explain: boolean): void {
  const prefix = named ? `${given.path}: ` : ''
  if ('error' in given) {
    notify(`bestmark: ${given.error}`)
    return
  }
  const { root, selection, explanation, warnings } = given
  for (const text of warnings) notify(`bestmark: ${prefix}${text}\n`)
  const { best, reason, second_opinion } = selection
  const why = explain
    ? ['', ...explanationLines(selection, explanation)]
    : [[reason, second_opinion?.text].filter(Boolean).join(' ')]
  if (!best) {
    const [first = '', ...others] = explain ? why.slice(1) : why
    notify(`${prefix}${first}`, ...others)
    return
  }
  const found = absoluteOrNull(root, best.path) ?? `step ${best.step}`
  // With several paths the output is for people: the input path comes first on the line.
  if (named) print(`${prefix}${found}`)
  else printPath(found)
  print(...why)
}
