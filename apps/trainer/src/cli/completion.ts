import type { Argument, CommandTable } from './command.ts'
import type { Option } from './option.ts'
import type { Shell } from './shells.ts'

/** A script that completes commands, options and their values in a shell. */
export function completionScript(shell: Shell, tables: readonly CommandTable[]): string {
  const scripts: Record<Shell, (tables: readonly CommandTable[]) => string[]> = { bash, zsh, fish }
  return `${scripts[shell](tables).join('\n')}\n`
}

const HELP: [string, Option<unknown>] = [
  'help',
  { text: 'Show this help.', read: (words) => words.length > 0 },
]

function optionsOf({ options }: CommandTable): [string, Option<unknown>][] {
  return [...Object.entries(options), HELP]
}

function argumentsOf({ arguments: rows }: CommandTable): Argument<unknown>[] {
  return Object.values(rows)
}

function takesFile(table: CommandTable): boolean {
  return argumentsOf(table).some(({ isFile }) => isFile)
}

/** Words that a shell may offer for a positional argument. */
function wordsOf(table: CommandTable): string[] {
  return argumentsOf(table).flatMap(({ choices }) => choices ?? [])
}

function bash(tables: readonly CommandTable[]): string[] {
  const names = tables.map(({ name }) => name).join(' ')
  return [
    '_bestmark() {',
    '  local word current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}',
    '  COMPREPLY=()',
    '  if (( COMP_CWORD == 1 )); then',
    `    COMPREPLY=($(compgen -W '${names} help --help --version' -- "$current"))`,
    '    return',
    '  fi',
    '  for word in "${COMP_WORDS[@]:2:COMP_CWORD-2}"; do',
    '    if [[ $word == -- ]]; then compopt -o default; return; fi',
    '  done',
    '  case "${COMP_WORDS[1]} $before" in',
    ...tables.flatMap(bashValues),
    '  esac',
    '  case "${COMP_WORDS[1]} $current" in',
    ...tables.flatMap(bashWords),
    `    help\\ *) COMPREPLY=($(compgen -W '${names}' -- "$current")) ;;`,
    '  esac',
    '}',
    'complete -F _bestmark bestmark',
  ]
}

function bashValues(table: CommandTable): string[] {
  return Object.entries(table.options).flatMap(([name, { kind }]) => {
    if (!kind) return []
    const words = `COMPREPLY=($(compgen -W '${kind.choices?.join(' ')}' -- "$current"));`
    const act = kind.choices ? ` ${words}` : kind.isFile ? ' compopt -o default;' : ''
    return [`    '${table.name} --${name}')${act} return ;;`]
  })
}

function bashWords(table: CommandTable): string[] {
  const options = optionsOf(table).map(([name]) => `--${name}`)
  const words = wordsOf(table).join(' ')
  const file = takesFile(table) ? ' compopt -o default;' : ''
  return [
    `    ${table.name}\\ -*) COMPREPLY=($(compgen -W '${options.join(' ')}' -- "$current")) ;;`,
    `    ${table.name}\\ *)${file} COMPREPLY=($(compgen -W '${words}' -- "$current")) ;;`,
  ]
}

function zsh(tables: readonly CommandTable[]): string[] {
  const commands = tables.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`)
  return [
    '#compdef bestmark',
    '_bestmark() {',
    '  local -a commands=(',
    ...commands,
    "    'help:Show the help of a command.'",
    '  )',
    '  if (( CURRENT == 2 )); then _describe command commands; return; fi',
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...tables.flatMap((table) => [
      `    ${table.name}) _arguments \\`,
      `${zshSpecs(table)
        .map((spec) => `      ${quoted(spec)}`)
        .join(' \\\n')} ;;`,
    ]),
    '    help) _describe command commands ;;',
    '  esac',
    '}',
    'if [[ $funcstack[1] == _bestmark ]]; then _bestmark "$@"; else compdef _bestmark bestmark; fi',
  ]
}

function zshSpecs(table: CommandTable): string[] {
  const options = optionsOf(table).map(([name, { text, kind, isMultiple }]) => {
    const value = kind ? `:${zshText(kind.name)}:${zshAction(kind.choices, kind.isFile)}` : ''
    return `${isMultiple ? '*' : ''}--${name}[${zshText(text)}]${value}`
  })
  const rows = Object.entries(table.arguments).map(
    ([name, { choices, isFile, isMultiple }], at) => {
      return `${isMultiple ? '*' : at + 1}:${name}:${zshAction(choices, isFile)}`
    },
  )
  const program = table.program ? [`*::${zshText(table.program.name)}:_normal`] : []
  return [...options, ...rows, ...program]
}

function zshAction(choices: readonly string[] | undefined, isFile: boolean | undefined): string {
  return choices ? `(${choices.join(' ')})` : isFile ? '_files' : ' '
}

/** Escapes brackets and colons, which separate the parts of a specification. */
function zshText(text: string): string {
  return text.replaceAll(/[[\]:]/g, '\\$&')
}

function fish(tables: readonly CommandTable[]): string[] {
  return [
    'complete -c bestmark -f',
    ...tables.map(({ name, summary }) => {
      return `complete -c bestmark -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`
    }),
    `complete -c bestmark -n '__fish_seen_subcommand_from help' -a '${tables.map(({ name }) => name).join(' ')}'`,
    ...tables.flatMap(fishLines),
  ]
}

function fishLines(table: CommandTable): string[] {
  const begin = `complete -c bestmark -n '__fish_seen_subcommand_from ${table.name}'`
  const words = wordsOf(table)
  const options = optionsOf(table).map(([name, { text, kind }]) => {
    const file = kind?.isFile ? ' -r -F' : ' -x'
    const value = kind ? `${file}${kind.choices ? ` -a '${kind.choices.join(' ')}'` : ''}` : ''
    return `${begin} -l ${name}${value} -d ${fishText(text)}`
  })
  return [
    ...options,
    ...(words.length > 0 ? [`${begin} -a '${words.join(' ')}'`] : []),
    ...(takesFile(table) || table.program ? [`${begin} -F`] : []),
  ]
}

/** A text quoted for bash or zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** A text quoted for fish. */
function fishText(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
