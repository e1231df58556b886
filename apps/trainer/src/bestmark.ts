import { inspect } from 'node:util'
import { helpText, overviewText } from './cli/help.ts'
import { nearest } from './cli/nearest.ts'
import { print, tell } from './cli/terminal.ts'
import { COMMANDS, GROUPS, type Command } from './commands/commands.ts'
import { EXIT, Failure, sentence } from './failure.ts'

const TABLES = COMMANDS.map(({ table }) => table)

/** Runs a command line and returns its exit code. */
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

// Whoever read the output may be gone (a pager, a closed terminal). The command goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // An error that no code expects is shown whole, so that it can be reported.
  const text = error instanceof Failure ? sentence(error) : inspect(error)
  tell(...`bestmark: ${text}`.split('\n'))
  process.exitCode = error instanceof Failure ? error.exit : EXIT.unusable
}

// A database client whose connection broke may keep a socket open for ever. Nobody waits for it.
const leave = setInterval(() => {
  if (process.stdout.writableLength === 0) process.exit()
}, 1_000)
leave.unref()
