#!/usr/bin/env node
import { Failure, sentence } from './failure.ts'

interface Command {
  /** Runs the command and returns its exit code. */
  main(words: readonly string[]): Promise<number>
  usage: string
}

/** Each command loads only what it needs. */
const COMMANDS: Record<string, { does: string; load: () => Promise<Command> }> = {
  pick: {
    does: 'print the best checkpoint of a training output, without a database',
    load: () => import('./commands/pick.ts'),
  },
}

async function run([name, ...words]: readonly string[]): Promise<number> {
  const command = name === undefined ? undefined : COMMANDS[name]
  if (!command) {
    const help = name === undefined || name === '--help' || name === '-h' || name === 'help'
    if (!help) process.stderr.write(`bestmark: there is no command "${name}".\n`)
    ;(help ? process.stdout : process.stderr).write(overview())
    return help ? 0 : 2
  }
  const { main, usage } = await command.load()
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  return main(words)
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(8)} ${does}`)
  return `Usage: bestmark COMMAND …\n\n${lines.join('\n')}\n\nbestmark COMMAND --help tells more.\n`
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stderr.write(`bestmark: ${sentence(error)}\n`)
  process.exitCode = error.exit
}
