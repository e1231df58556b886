import { isUri, measuredJson, type PolicyChoice, type Winner, shellWord } from '@bestmark/core'
import { callerPath, callerRun } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import {
  absoluteOrNull,
  choiceJson,
  choiceOf,
  explanationLines,
  metricWords,
  openQuestion,
  type Choice,
} from './choice.ts'
import { EXIT, Failure, errorText, worseExit, type Exit } from '../../failure.ts'
import { linkCheckpoints, requireOnePath } from '../../sources/checkpointLinks.ts'
import { warningTexts } from '../../sources/events/newEvents.ts'
import { findFurtherRoots } from '../../sources/sharedFolders.ts'
import { policyChoiceOf } from '../../cli/policyOptions.ts'
import { PICK } from './pick.table.ts'
import { print, printPath, notify } from '../../cli/terminal.ts'

interface PickOptions {
  policy: PolicyChoice
  evaluations: boolean
  explain: boolean
  json: boolean
  failOnDisagreement: boolean
  checkpoints: string | undefined
}

/** The answer for one path: a choice, or an error. */
type Answer = { path: string; exit: Exit } & ({ error: string } | Choice)

/** Prints the best checkpoint of each path and the reason. Returns the worst exit code of all paths. */
export async function main(words: readonly string[]): Promise<number> {
  const { paths, options } = readWords(words)
  const answers: Answer[] = []
  // One after another, since each opens many files and there may be thousands of paths.
  for (const path of paths) answers.push(...(await answersFor(path, options)))
  for (const answer of answers) {
    if (options.json) print(jsonLine(answer))
    else printPlain(answer, answers.length > 1, options.explain)
  }
  return answers.map(({ exit }) => exit).reduce(worseExit)
}

function readWords(words: readonly string[]): { paths: string[]; options: PickOptions } {
  const { values, args } = parse(words, PICK)
  if (values.json && values.explain) {
    throw new Failure('Remove --explain: --json prints the whole explanation.')
  }
  const { evaluations, explain, json, checkpoints } = values
  requireOnePath(args.PATH, checkpoints)
  const policy = policyChoiceOf(values.policy, values)
  const failOnDisagreement = values['fail-on-disagreement']
  return {
    paths: args.PATH,
    options: { policy, evaluations, explain, json, failOnDisagreement, checkpoints },
  }
}

/** The answers for a path: several, if several trainings wrote their logs to one folder. */
async function answersFor(path: string, options: PickOptions): Promise<Answer[]> {
  const answers = [await answerFor(path, options)]
  const [first] = answers
  const isAlone = options.checkpoints !== undefined || isUri(path)
  if (!first || 'error' in first || isAlone) return answers
  for (const root of await findFurtherRoots(first.root)) {
    answers.push(await answerFor(root, options))
  }
  return answers
}

async function answerFor(path: string, options: PickOptions): Promise<Answer> {
  try {
    const choice = await choiceWithLinks(callerRun(path), options)
    return { path, ...choice, exit: exitOf(choice, options) }
  } catch (error) {
    const exit = error instanceof Failure ? error.exit : EXIT.unusable
    return { path, error: errorText(error), exit }
  }
}

/** Links the weights of --checkpoints into the run only while it is read. */
async function choiceWithLinks(
  path: string,
  { policy, evaluations, checkpoints }: PickOptions,
): Promise<Choice> {
  if (checkpoints === undefined) return choiceOf(path, policy, evaluations)
  if (isUri(path))
    throw new Failure(`Remove --checkpoints: the weights of ${path} are beside its log.`)
  const { root, undo } = await linkCheckpoints(path, callerPath(checkpoints))
  try {
    return await choiceOf(root, policy, evaluations)
  } finally {
    await undo()
  }
}

function exitOf({ selection, problem }: Choice, options: PickOptions): Exit {
  const { best, metric, direction, second_opinion } = selection
  if (problem !== null || (metric !== null && direction === null)) return EXIT.unusable
  if (options.failOnDisagreement && second_opinion?.agrees === false) return EXIT.disagreement
  return best ? EXIT.found : EXIT.nothing
}

function jsonLine(answer: Answer): string {
  const { path } = answer
  return measuredJson(
    'error' in answer ? { path, error: answer.error } : { path, ...choiceJson(answer) },
  )
}

function printPlain(given: Answer, hasSeveral: boolean, explain: boolean): void {
  const prefix = hasSeveral ? `${given.path}: ` : ''
  if ('error' in given) {
    notify(`bestmark: ${given.error}`)
    return
  }
  const { root, selection, explanation, reader_notes } = given
  const answer = (choice: Winner): string =>
    `bestmark pick ${shellWord(given.path)} ${metricWords(choice)}`
  for (const text of warningTexts(reader_notes)) notify(`bestmark: ${prefix}${text}\n`)
  const { best, reason, second_opinion } = selection
  const why = explain
    ? ['', ...explanationLines(selection, explanation, answer)]
    : [[reason, second_opinion?.text].filter(Boolean).join(' ')]
  if (!best) {
    const [first = '', ...others] = explain ? why.slice(1) : why
    notify(`${prefix}${first}`, ...others)
    if (!explain) notify(...openQuestion(explanation, answer))
    if (selection.metric !== null && given.namable.length > 0) {
      const names = given.namable.join(', ')
      notify(
        `Logged while training: ${names}. If held-out data gave one of them, add --metric NAME.`,
      )
    }
    if (selection.metric !== null && selection.direction === null) {
      notify(`Add --metric ${shellWord(selection.metric)} --mode min, or --mode max.`)
    }
    return
  }
  const found = absoluteOrNull(root, best.path) ?? `step ${best.step}`
  // With several paths the output is for people, so each line starts with the given path.
  if (hasSeveral) print(`${prefix}${found}`)
  else printPath(found)
  print(...why)
}
