import { inspect } from 'node:util'
import { helpText, overviewText } from './cli/help.ts'
import { nearest } from './cli/nearest.ts'
import { print, notify } from './cli/terminal.ts'
import { COMMANDS, GROUPS, type Command } from './commands/commands.ts'
import { EXIT, Failure, errorText } from './failure.ts'

const TABLES = COMMANDS.map(({ table }) => table)

/** Runs a command line, prints why it failed where it did, and returns its exit code. */
export async function commandLine(words: readonly string[]): Promise<number> {
  try {
    return await run(words)
  } catch (error) {
    // An error that no code expects is shown whole, so that it can be reported.
    const text = error instanceof Failure ? errorText(error) : inspect(error)
    notify(...`bestmark: ${text}`.split('\n'))
    return error instanceof Failure ? error.exit : EXIT.unusable
  }
}

async function run([name, ...words]: readonly string[]): Promise<number> {
  if (name === '--version') return printVersion()
  const isHelp = name === undefined || name === 'help' || name === '--help' || name === '-h'
  if (isHelp) {
    const [asked] = words
    print(...linesOf(asked === undefined ? overview() : helpText(commandOf(asked).table)))
    return EXIT.found
  }
  const { table, load } = commandOf(name)
  // What stands after -- is meant for another program.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (own.includes('--help') || own.includes('-h')) {
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
  const meant = near === undefined ? '' : ` Did you mean ${near}?`
  throw new Failure(`Unknown command "${name}".${meant} All commands: bestmark --help`)
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
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
  print(`bestmark ${manifest.version}`)
  return EXIT.found
}
