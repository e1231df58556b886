import { ownValue } from '@bestmark/core'
import { inspect } from 'node:util'
import { EXIT, Failure, sentence } from './failure.ts'
import { print, tell } from './cli/terminal.ts'

interface Command {
  /** Runs the command and returns its exit code. */
  main: (words: readonly string[]) => Promise<number>
  usage: string
}

/** Each command loads only what it needs. */
const COMMANDS: Record<string, { does: string; load: () => Promise<Command> }> = {
  up: {
    does: 'start the board: database, pages, agent, and a first run on an empty board',
    load: () => import('./commands/up/up.ts'),
  },
  link: {
    does: 'print the link that opens the board; --new makes another and ends the old',
    load: () => import('./commands/link.ts'),
  },
  train: {
    does: 'train a built-in recipe, or go on with a run',
    load: () => import('./commands/train.ts'),
  },
  run: {
    does: 'run any training program and record it',
    load: () => import('./commands/run/run.ts'),
  },
  watch: {
    does: 'find training runs in folders and record them as they grow',
    load: () => import('./commands/watch/watch.ts'),
  },
  agent: {
    does: 'record, look after and ship what lies on this machine',
    load: () => import('./commands/agent.ts'),
  },
  import: {
    does: 'put training outputs on the board',
    load: () => import('./commands/import.ts'),
  },
  jobs: { does: 'list the jobs on the board', load: () => import('./commands/jobs.ts') },
  best: {
    does: "print the path of a job's best checkpoint",
    load: () => import('./commands/best.ts'),
  },
  prune: {
    does: 'remove checkpoints that are neither the best nor the last, after a dry run',
    load: () => import('./commands/prune/prune.ts'),
  },
  pin: {
    does: 'keep checkpoints from being pruned',
    load: () => import('./commands/pin.ts'),
  },
  export: {
    does: 'write a job, or every job, as a journal that import reads back',
    load: () => import('./commands/export.ts'),
  },
  report: {
    does: "print a job's report as one HTML file",
    load: () => import('./commands/report/report.ts'),
  },
  policy: {
    does: 'show or change what decides for a job or a project',
    load: () => import('./commands/policy.ts'),
  },
  backtest: {
    does: 'measure what each policy would have cost on finished runs',
    load: () => import('./commands/backtest/backtest.ts'),
  },
  pick: {
    does: 'print the best checkpoint of a training output, without a database',
    load: () => import('./commands/pick/pick.ts'),
  },
  score: {
    does: 'keep what was measured of a checkpoint after training',
    load: () => import('./commands/score/score.ts'),
  },
  eval: {
    does: 'run a command over the checkpoints of a run and keep what it measures',
    load: () => import('./commands/eval/eval.ts'),
  },
}

async function run([name, ...words]: readonly string[]): Promise<number> {
  const command = name === undefined ? undefined : ownValue(COMMANDS, name)
  if (!command) {
    const help = name === undefined || name === '--help' || name === '-h' || name === 'help'
    if (!help) tell(`bestmark: there is no command "${name}".`)
    ;(help ? process.stdout : process.stderr).write(overview())
    return help ? 0 : 2
  }
  const { main, usage } = await command.load()
  // What stands after -- is meant for another program.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  if (own.includes('--help') || own.includes('-h')) {
    print(...usage.split('\n'))
    return 0
  }
  return main(words)
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(8)} ${does}`)
  return `Usage: bestmark COMMAND …\n\n${lines.join('\n')}\n\nbestmark COMMAND --help tells more.\n`
}

// Whoever read the output may be gone (a pager, a closed terminal); that is no reason to stop short.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // What nobody foresaw is shown whole, so that it can be reported.
  const told = error instanceof Failure ? sentence(error) : inspect(error)
  tell(...`bestmark: ${told}`.split('\n'))
  process.exitCode = error instanceof Failure ? error.exit : EXIT.unusable
}

// A database client that was cut off may keep a connection open for ever; nobody waits for it.
const leave = setInterval(() => {
  if (process.stdout.writableLength === 0) process.exit()
}, 1_000)
leave.unref()
