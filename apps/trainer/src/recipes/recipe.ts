import { parseArgs } from 'node:util'
import { CHAR_LM } from '@bestmark/char-lm'
import { nodeOptions, programPath } from '@bestmark/db/programs'
import { Failure } from '../failure.ts'

/** A built-in training program and its presets, the default first. */
export interface Recipe {
  name: string
  presets: readonly [string, ...string[]]
  /** What it trains, in one line. */
  text: string
}

export const RECIPES: readonly Recipe[] = [CHAR_LM]

/** Finds the recipe of this name. Throws a Failure with the available names. */
export function findRecipe(name: string): Recipe {
  const recipe = RECIPES.find((one) => one.name === name)
  if (recipe) return recipe
  const names = RECIPES.map((one) => one.name).join(', ')
  throw new Failure(`Unknown recipe "${name}". Available: ${names}.`)
}

/** What the child process of a run should do. */
export interface RunRequest {
  /** The run's folder; it must exist. */
  folder: string
  recipe: string
  /** Null for the recipe's first preset, or when resuming for the checkpoint's preset. */
  preset: string | null
  /** Null for the attempt after the journal's last one. */
  attempt: number | null
  /** The checkpoint to resume from, relative to the folder; null for a fresh start. */
  resume: string | null
}

const CHILD = programPath('child.ts', import.meta.url)

/** The command line of a run's child process. */
export function childArgv(request: RunRequest): string[] {
  const { folder, recipe, preset, attempt, resume } = request
  return [
    process.execPath,
    ...nodeOptions(),
    CHILD,
    folder,
    `--recipe=${recipe}`,
    ...(preset === null ? [] : [`--preset=${preset}`]),
    ...(attempt === null ? [] : [`--attempt=${attempt}`]),
    ...(resume === null ? [] : [`--resume=${resume}`]),
  ]
}

/** Parses the arguments that `childArgv` writes, without program and script. */
export function readChildArgs(args: string[]): RunRequest {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      recipe: { type: 'string' },
      preset: { type: 'string' },
      attempt: { type: 'string' },
      resume: { type: 'string' },
    },
  })
  const [folder] = positionals
  const attempt = values.attempt === undefined ? null : Number(values.attempt)
  const isCount = attempt === null || (Number.isInteger(attempt) && attempt >= 0)
  if (!folder || !values.recipe || !isCount) {
    throw new Error(
      'Usage: child.ts FOLDER --recipe NAME [--preset NAME] [--attempt N] [--resume CHECKPOINT]',
    )
  }
  const { recipe, preset = null, resume = null } = values
  return { folder, recipe, preset, attempt, resume }
}
