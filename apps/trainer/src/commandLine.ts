import { inspect } from 'node:util'
import { helpText, overviewText } from './cli/help.ts'
import { nearest } from '@bestmark/core'
import { print, notify } from './cli/terminal.ts'
import { COMMANDS, GROUPS, type Command } from './commands/commands.ts'
import { databaseErrorText } from './databaseErrors.ts'
import { EXIT, Failure, errorText } from './failure.ts'

const TABLES = COMMANDS.map(({ table }) => table)

/** Runs a command line, prints its error if it fails, and returns its exit code. */
export async function commandLine(words: readonly string[]): Promise<number> {
  try {
    return await run(words)
  } catch (error) {
    // An unexpected error is printed in full, so that users can report it.
    const text =
      error instanceof Failure ? errorText(error) : (databaseErrorText(error) ?? inspect(error))
    notify(...`bestmark: ${text}`.split('\n'))
    return error instanceof Failure ? error.exit : EXIT.unusable
  }
}

async function run([name, ...words]: readonly string[]): Promise<number> {
  if (name === '--version') return printVersion()
  const isHelp = name === undefined || name === 'help' || name === '--help' || name === '-h'
  if (isHelp) {
    const [topic] = words
    print(...linesOf(topic === undefined ? overview() : helpText(commandOf(topic).table)))
    return EXIT.found
  }
  const { table, load } = commandOf(name)
  // Words after -- belong to another program.
  const ownWords = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (ownWords.includes('--help') || ownWords.includes('-h')) {
    print(...linesOf(helpText(table)))
    return EXIT.found
  }
  const { main } = await load()
  return main(words, TABLES)
}

function commandOf(name: string): Command {
  const command = COMMANDS.find(({ table }) => table.name === name)
  if (command) return command
  const near = nearest(
    name,
    TABLES.map((table) => table.name),
  )
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  throw new Failure(`Unknown command "${name}".${hint} All commands: bestmark --help`)
}

function overview(): string {
  return overviewText(
    GROUPS.map(({ title, commands }) => ({ title, tables: commands.map(({ table }) => table) })),
  )
}

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n')
}

async function printVersion(): Promise<number> {
  const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } })
  print(`bestmark ${manifest.version}`)
  return EXIT.found
}
