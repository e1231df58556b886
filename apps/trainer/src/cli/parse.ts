import { parseArgs } from 'node:util'
import { ownValue } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { type Argument, type CommandTable, formsOf } from './command.ts'
import { nearest } from '@bestmark/core'
import type { Option } from './option.ts'

type Values<Rows extends Record<string, { read: (...words: never[]) => unknown }>> = {
  -readonly [Name in keyof Rows]: ReturnType<Rows[Name]['read']>
}

/** The values of a table's arguments. */
export type ArgumentsOf<Table extends CommandTable> = Values<Table['arguments']>

/** The values of a table's options. */
export type ValuesOf<Table extends CommandTable> = Values<Table['options']>

/** A parsed command line. */
export interface Parsed<
  Arguments extends Record<string, Argument<unknown>>,
  Options extends Record<string, Option<unknown>>,
> {
  args: Values<Arguments>
  values: Values<Options>
  /** The words after `--`, for a command that starts a program; else empty. */
  program: string[]
}

/** Parses a command's words with its table. Throws a Failure that names the wrong word. */
export function parse<
  Arguments extends Record<string, Argument<unknown>>,
  Options extends Record<string, Option<unknown>>,
>(words: readonly string[], table: CommandTable<Arguments, Options>): Parsed<Arguments, Options> {
  const { ownWords, program } = split(words, table)
  const { given, positionals } = sorted(ownWords, table)
  const args: Record<string, unknown> = argumentsOf(positionals, table)
  const read = ([name, option]: [string, Option<unknown>]): [string, unknown] => {
    return [name, option.read(given.get(name) ?? [], `--${name}`)]
  }
  const values = Object.fromEntries(Object.entries(table.options).map(read))
  // The loops lose the type of each value.
  return { args, values, program } as Parsed<Arguments, Options>
}

function split(
  words: readonly string[],
  table: CommandTable,
): { ownWords: readonly string[]; program: string[] } {
  const at = table.program ? words.indexOf('--') : -1
  const program = at === -1 ? [] : words.slice(at + 1)
  if (table.program && program.length === 0) {
    throw new Failure(`${table.program.name} is missing. Write it after --. ${usageOf(table)}`)
  }
  return { ownWords: at === -1 ? words : words.slice(0, at), program }
}

/** The words of each option, and the positional words. */
function sorted(
  words: readonly string[],
  table: CommandTable,
): { given: Map<string, string[]>; positionals: string[] } {
  const types = Object.entries(table.options).map(([name, { kind }]) => {
    return [name, { type: kind ? ('string' as const) : ('boolean' as const) }]
  })
  const options = Object.fromEntries(types) as Record<string, { type: 'string' | 'boolean' }>
  const args = [...words]
  const { tokens } = parseArgs({
    ...{ args, options, allowPositionals: true, strict: false, tokens: true },
  })
  const given = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const value = valueOf(token, table)
    given.set(token.name, [...(given.get(token.name) ?? []), value])
  }
  return { given, positionals }
}

interface OptionToken {
  name: string
  rawName: string
  value?: string | undefined
  inlineValue?: boolean | undefined
}

/** The word of an option; empty for a flag. */
function valueOf({ name, rawName, value, inlineValue }: OptionToken, table: CommandTable): string {
  const option = ownValue(table.options, name)
  if (!option || !rawName.startsWith('--')) throw unknown(rawName, table)
  if (!option.kind) {
    if (value === undefined) return ''
    throw new Failure(`${rawName} takes no value; got "${value}".`)
  }
  const isOption = inlineValue === false && /^-./.test(value ?? '')
  if (value !== undefined && !isOption) return value
  const how = isOption ? ` For a value that begins with -, write ${rawName}=${value}.` : ''
  throw new Failure(`${rawName} needs a value: ${rawName} ${option.kind.name}.${how}`)
}

function unknown(rawName: string, table: CommandTable): Failure {
  const names = Object.keys(table.options).map((name) => `--${name}`)
  const near = nearest(rawName, [...names, '--help'])
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return new Failure(`Unknown option ${rawName}.${hint} See: bestmark ${table.name} --help`)
}

function argumentsOf(words: readonly string[], table: CommandTable): Record<string, unknown> {
  const rows = Object.entries(table.arguments)
  let rest = words
  const args = rows.map(([name, argument]): [string, unknown] => {
    const taken = argument.isMultiple ? rest : rest.slice(0, 1)
    rest = rest.slice(taken.length)
    if (taken.length > 0 || argument.isOptional) return [name, argument.read(taken)]
    throw new Failure(`${name} is missing: ${argument.text}. ${usageOf(table)}`)
  })
  const [surplus] = rest
  if (surplus === undefined) return Object.fromEntries(args)
  throw new Failure(`Unexpected word "${surplus}". ${usageOf(table)}`)
}

/** The usage of a command, for the end of an error. */
export function usageOf(table: CommandTable): string {
  return `Usage: ${formsOf(table).join(' | ')}`
}
