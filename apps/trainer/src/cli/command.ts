import type { Option } from './option.ts'

/** How a shell completes a word. */
interface Completion {
  /** The word is the path of a file or folder. */
  isFile?: true
  /** The word is one of these. */
  choices?: readonly string[]
}

/** A positional word of a command, such as a path. */
export interface Argument<Value> extends Completion {
  /** What it names, as a phrase. */
  text: string
  isMultiple: boolean
  isOptional: boolean
  /** The value of the words that belong to this argument. */
  read: (words: readonly string[]) => Value
}

/** Exactly one word. */
export function one(text: string, completed: Completion = {}): Argument<string> {
  const read = ([word = '']: readonly string[]): string => word
  return { text, ...completed, isMultiple: false, isOptional: false, read }
}

/** At most one word. */
export function maybe(text: string, completed: Completion = {}): Argument<string | undefined> {
  const read = ([word]: readonly string[]): string | undefined => word
  return { text, ...completed, isMultiple: false, isOptional: true, read }
}

/** At least one word. */
export function many(text: string, completed: Completion = {}): Argument<string[]> {
  return { text, ...completed, isMultiple: true, isOptional: false, read: (words) => [...words] }
}

/** Any number of words. */
export function any(text: string, completed: Completion = {}): Argument<string[]> {
  return { text, ...completed, isMultiple: true, isOptional: true, read: (words) => [...words] }
}

/** An environment variable that a command uses. */
interface Variable {
  name: string
  text: string
}

interface Example {
  /** The whole line, as a shell takes it. */
  line: string
  text: string
}

/** Describes a command: the source of its help, completion, parsing and section in docs/cli.md. */
export interface CommandTable<
  Arguments extends Record<string, Argument<unknown>> = Record<string, Argument<unknown>>,
  Options extends Record<string, Option<unknown>> = Record<string, Option<unknown>>,
> {
  name: string
  /** What it does, in one sentence that begins with a verb. */
  summary: string
  /** More paragraphs. */
  details?: readonly string[]
  /** By the name that the help shows, in the order of the command line. */
  arguments: Arguments
  /** The words after `--`, for a command that starts another program. */
  program?: { name: string; text: string }
  options: Options
  /** The usage lines, without `bestmark`. Default: made from the arguments. */
  forms?: readonly string[]
  variables?: readonly Variable[]
  examples: readonly Example[]
}

/** Keeps the types of a table's arguments and options. */
export function command<
  const Arguments extends Record<string, Argument<unknown>>,
  const Options extends Record<string, Option<unknown>>,
>(table: CommandTable<Arguments, Options>): CommandTable<Arguments, Options> {
  return table
}

/** The usage lines of a command. */
export function formsOf(table: CommandTable): string[] {
  if (table.forms) return table.forms.map((form) => `bestmark ${form}`)
  const words = Object.entries(table.arguments).map(([name, argument]) =>
    argumentText(name, argument),
  )
  const options = Object.keys(table.options).length > 0 ? ['[options]'] : []
  const program = table.program ? ['--', table.program.name] : []
  return [['bestmark', table.name, ...words, ...options, ...program].join(' ')]
}

/** An argument as the help shows it, such as PATH… or [NAME]. */
export function argumentText(name: string, { isMultiple, isOptional }: Argument<unknown>): string {
  const words = isMultiple ? `${name}…` : name
  return isOptional ? `[${words}]` : words
}
