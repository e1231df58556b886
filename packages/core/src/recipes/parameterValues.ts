import { ownValue } from '../named.ts'
import type { ParameterValues } from './recipe.ts'
import type { RecipeParameter, RecipeParameters } from './recipeParameter.ts'

/** Why a value cannot be used. */
export type ParameterProblem = { name: string } & (
  | { code: 'unknown'; names: string[] }
  | { code: 'missing' }
  | { code: 'not_number'; given: string | number }
  | { code: 'not_integer'; given: string | number }
  | { code: 'outside'; minimum: number; maximum: number; given: string | number }
  | { code: 'no_choice'; choices: string[]; given: string | number }
  | { code: 'too_long'; longest: number; length: number }
)

/** Why runs cannot be started. */
export type RunsProblem = ParameterProblem | { code: 'too_many'; most: number }

/** The values of a run with the defaults, or the first problem in the order of the recipe. */
export function parameterValues(
  parameters: RecipeParameters,
  given: Readonly<Record<string, string | number>>,
): { values: ParameterValues } | { problem: ParameterProblem } {
  const names = Object.keys(parameters)
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined) return { problem: { name: unknown, code: 'unknown', names } }
  const values: [string, string | number][] = []
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = ownValue(given, name)
    const isGiven = value !== undefined && value !== ''
    const found = valueOf(parameter, isGiven ? value : parameter.default)
    if (typeof found === 'object') return { problem: { name, ...found } }
    values.push([name, found])
  }
  return { values: Object.fromEntries(values) }
}

type Problem = ParameterProblem extends infer One
  ? One extends { name: string }
    ? Omit<One, 'name'>
    : never
  : never

function valueOf(
  parameter: RecipeParameter,
  value: string | number | undefined,
): string | number | Problem {
  if (value === undefined) return { code: 'missing' }
  switch (parameter.type) {
    case 'number':
    case 'integer':
      return numberOf(parameter, value)
    case 'choice': {
      const { choices } = parameter
      const text = String(value)
      return choices.includes(text) ? text : { code: 'no_choice', choices, given: text }
    }
    case 'text': {
      const { longest } = parameter
      const text = String(value)
      const { length } = text
      return length <= longest ? text : { code: 'too_long', longest, length }
    }
  }
}

function numberOf(
  { type, minimum, maximum }: Extract<RecipeParameter, { minimum: number }>,
  value: string | number,
): number | Problem {
  const text = typeof value === 'string' ? value.trim() : value
  const number = text === '' ? NaN : Number(text)
  if (!Number.isFinite(number)) return { code: 'not_number', given: value }
  if (type === 'integer' && !Number.isInteger(number)) return { code: 'not_integer', given: value }
  const isInside = number >= minimum && number <= maximum
  return isInside ? number : { code: 'outside', minimum, maximum, given: value }
}

/** A problem as a sentence that says what to give. */
export function parameterProblemText(problem: RunsProblem): string {
  if (problem.code === 'too_many') return `These are more than ${problem.most} runs.`
  const { name } = problem
  switch (problem.code) {
    case 'unknown':
      return `There is no parameter "${name}". Parameters: ${problem.names.join(', ') || 'none'}.`
    case 'missing':
      return `Give a value for ${name}.`
    case 'not_number':
      return `${name} must be a number${but(problem)}`
    case 'not_integer':
      return `${name} must be a whole number${but(problem)}`
    case 'outside':
      return `${name} must be between ${problem.minimum} and ${problem.maximum}${but(problem)}`
    case 'no_choice':
      return `${name} must be one of: ${problem.choices.join(', ')}${but(problem)}`
    case 'too_long':
      return `${name} must have at most ${problem.longest} characters; got ${problem.length}.`
  }
}

/** Values of files and of forms may have any length. */
const SHOWN = 40

function but({ given }: { given: string | number }): string {
  const text = String(given)
  return `; got "${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}".`
}
