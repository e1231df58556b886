import { ownValue } from '../named.ts'
import { parameterValues, type RunsProblem } from './parameterValues.ts'
import type { ParameterValues } from './recipe.ts'
import type { RecipeParameters } from './recipeParameter.ts'

/** The most runs of one order. */
export const MOST_RUNS = 100

/**
 * All combinations of the values of each parameter, the last parameter changing fastest. Undefined if
 * they are more than `MOST_RUNS`.
 */
function gridOf<Value>(
  values: Readonly<Record<string, readonly Value[]>>,
): Record<string, Value>[] | undefined {
  const entries = Object.entries(values)
  const count = entries.reduce((product, [, list]) => product * list.length, 1)
  if (count > MOST_RUNS) return undefined
  return entries.reduce<Record<string, Value>[]>(
    (runs, [name, list]) => runs.flatMap((run) => list.map((value) => ({ ...run, [name]: value }))),
    [{}],
  )
}

/** The parts of a text between commas, without empty ones: several values for one parameter. */
function listedValues(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * The runs that the fields of a form describe, or the first problem. Several values with commas make a
 * run for each combination, except in a text, which may have commas of its own.
 */
export function plannedRuns(
  parameters: RecipeParameters,
  written: Readonly<Record<string, string>>,
): { runs: ParameterValues[] } | { problem: RunsProblem } {
  const lists = Object.entries(written).map(([name, text]): [string, string[]] => {
    return [name, ownValue(parameters, name)?.type === 'text' ? [text] : listedValues(text)]
  })
  // An empty field is the default, or missing.
  const grid = gridOf(Object.fromEntries(lists.filter(([, list]) => list.length > 0)))
  if (!grid) return { problem: { code: 'too_many', most: MOST_RUNS } }
  const runs: ParameterValues[] = []
  for (const given of grid) {
    const found = parameterValues(parameters, given)
    if ('problem' in found) return found
    runs.push(found.values)
  }
  return { runs }
}
