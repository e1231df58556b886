import { type CommandTable, formsOf, argumentText } from './command.ts'

/** The width of the help text (columns). */
const WIDTH = 96
/** A wider name gets a separate line (columns). */
const NAME_WIDTH = 28

/** Commands under one title of the help. */
export interface Group {
  title: string
  tables: readonly CommandTable[]
}

/** The list of all commands. */
export function overviewText(groups: readonly Group[]): string {
  const names = groups.flatMap(({ tables }) => tables.map(({ name }) => name))
  const width = Math.max(...names.map((name) => name.length))
  const lists = groups.map(({ title, tables }) => {
    const lines = tables.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
    return [`${title}:`, ...lines].join('\n')
  })
  const end = 'Details of a command: bestmark COMMAND --help'
  return ['Usage: bestmark COMMAND [options]', ...lists, end].join('\n\n') + '\n'
}

/** The help of a command: usage, arguments, options and examples. */
export function helpText(table: CommandTable): string {
  const { summary, details = [], program, variables = [], examples } = table
  const rows = Object.entries(table.arguments).map(([name, argument]): Row => {
    return [argumentText(name, argument), sentenceOf(argument.text)]
  })
  if (program) rows.push([program.name, sentenceOf(program.text)])
  const sections = [
    `Usage: ${formsOf(table).join('\n       ')}`,
    ...[summary, ...details].map((text) => wrapped(text, WIDTH).join('\n')),
    section('Arguments', rows),
    section('Options', [...optionRows(table), ['--help', 'Show this help.']]),
    section(
      'Environment',
      variables.map(({ name, text }): Row => [name, text]),
    ),
    exampleText(examples),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

/** A name and its explanation. */
type Row = [name: string, text: string]

function optionRows({ options }: CommandTable): Row[] {
  return Object.entries(options).map(([name, { text, kind, default: value, isMultiple }]): Row => {
    const word = kind ? ` ${kind.name}` : ''
    const notes = [
      value === undefined ? '' : `Default: ${value}.`,
      isMultiple ? 'May be given several times.' : '',
    ]
    return [`--${name}${word}`, [text, ...notes].filter(Boolean).join(' ')]
  })
}

function section(title: string, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= NAME_WIDTH)
  const width = Math.max(...fitting, 0)
  const lines = rows.flatMap(([name, text]) => {
    const [first = '', ...others] = wrapped(text, WIDTH - width - 4)
    const indent = ' '.repeat(width + 4)
    const tail = others.map((line) => `${indent}${line}`)
    if (name.length > width) return [`  ${name}`, `${indent}${first}`, ...tail]
    return [`  ${name.padEnd(width)}  ${first}`, ...tail]
  })
  return [`${title}:`, ...lines].join('\n')
}

function exampleText(examples: CommandTable['examples']): string {
  const lines = examples.flatMap(({ line, text }) => [`  # ${text}`, `  ${line}`])
  return lines.length === 0 ? '' : ['Examples:', ...lines].join('\n')
}

/** Makes a sentence of a phrase. */
function sentenceOf(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`
}

/** Breaks a text at spaces into lines of at most `width` columns. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines
}
