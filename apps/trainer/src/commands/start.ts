import {
  columns,
  DEFAULT_PROJECT,
  LONGEST_NAME,
  parameterProblemText,
  plannedRuns,
} from '@bestmark/core'
import { listRecipes, orderRuns, Refused, type StoredRecipe } from '@bestmark/db'
import { openBoard } from '../board/board.ts'
import { parse } from '../cli/parse.ts'
import { notify, print } from '../cli/terminal.ts'
import { EXIT, Failure } from '../failure.ts'
import { userName } from '../processes/userName.ts'
import { START } from './start.table.ts'

/** Starts runs of a recipe, or lists the recipes. Exits with 1 if there is none to list. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, START)
  await using board = await openBoard()
  const recipes = await listRecipes(board.db)
  if (args.RECIPE === undefined) return list(recipes, values.json)
  const recipe = recipes.find(({ name }) => name === args.RECIPE)
  if (!recipe)
    throw new Failure(`No machine has the recipe "${args.RECIPE}". ${available(recipes)}`)
  const planned = plannedRuns(recipe.parameters, settings(values.set))
  if ('problem' in planned) throw new Failure(parameterProblemText(planned.problem))
  const { name = recipe.name, project = DEFAULT_PROJECT } = values
  assertShort('--name', name)
  assertShort('--project', project)
  const order = { recipe: recipe.name, name, project, runs: planned.runs, by: userName() }
  const job_ids = await orderRuns(board.db, order).catch((error: unknown) => {
    throw error instanceof Refused ? new Failure(error.message, { cause: error }) : error
  })
  print(...job_ids.map((job_id) => (values.json ? JSON.stringify({ job_id }) : job_id)))
  notify('In the queue. A machine with this recipe starts it: bestmark agent')
  return EXIT.found
}

function list(recipes: readonly StoredRecipe[], isJson: boolean): number {
  if (isJson) print(...recipes.map((recipe) => JSON.stringify(recipe)))
  else print(...columns(recipes.map(cellsOf), []))
  if (recipes.length === 0) notify(available(recipes))
  return recipes.length > 0 ? EXIT.found : EXIT.nothing
}

function cellsOf({ name, host, parameters, text }: StoredRecipe): string[] {
  return [name, host, Object.keys(parameters).join(', ') || 'no parameters', text]
}

function available(recipes: readonly StoredRecipe[]): string {
  if (recipes.length === 0) return 'No machine has recipes. Write recipes.yaml in its data folder.'
  return `Available: ${[...new Set(recipes.map(({ name }) => name))].join(', ')}.`
}

function assertShort(option: string, name: string): void {
  if (name.length <= LONGEST_NAME) return
  throw new Failure(`${option} must have at most ${LONGEST_NAME} characters; got ${name.length}.`)
}

function settings(written: readonly string[]): Record<string, string> {
  const found = new Map<string, string>()
  for (const [name, value] of written.map(setting)) {
    if (found.has(name)) {
      throw new Failure(`--set gives ${name} twice. Separate its values with commas: ${name}=1,2.`)
    }
    found.set(name, value)
  }
  return Object.fromEntries(found)
}

function setting(written: string): [name: string, value: string] {
  const at = written.indexOf('=')
  if (at < 1) throw new Failure(`--set must be NAME=VALUES; got "${written}".`)
  const [name, values] = [written.slice(0, at), written.slice(at + 1)]
  if (values.trim() === '') {
    throw new Failure(`--set ${name}= has no value. Without --set the recipe's default is used.`)
  }
  return [name, values]
}
