import { DEFAULT_PROJECT } from '@bestmark/core'
import { command } from '../../cli/command.ts'
import { CHECKPOINTS_OPTION } from '../../cli/checkpointsOption.ts'
import { duration, path, text } from '../../cli/kind.ts'
import { withDefault, optional } from '../../cli/option.ts'
import { TOKEN } from '../watch/watch.table.ts'

export const RUN = command({
  name: 'run',
  summary: 'Start a training program and record what it prints and writes.',
  details: [
    'The program also starts if the database cannot be reached. Its files keep everything. They are ' +
      'recorded once the database answers, or later by: bestmark import FOLDER.',
    'With --to it needs no database: it sends the run to a board over HTTP, with the token in ' +
      'BESTMARK_TOKEN. While the board is away, the data folder keeps what is left. It is sent later by: ' +
      'bestmark watch FOLDER --to URL --once. A stop on the board does not reach the program.',
    'It also records the options of the command, the host, the git commit, and the versions of Python ' +
      'and packages. It samples processors, memory and GPUs every 10 seconds.',
    "SIGINT and SIGTERM are passed to the program. Exits with the program's exit code.",
  ],
  arguments: {},
  program: { name: 'COMMAND…', text: 'the program to start, with its arguments' },
  options: {
    name: optional(text('NAME'), "The job's name. Default: the name of the script."),
    project: optional(
      text('NAME'),
      `The project that a new job belongs to. Default: ${DEFAULT_PROJECT}.`,
    ),
    folder: optional(
      path('FOLDER'),
      'The folder that the program writes to. Default: the one in its arguments, if any.',
    ),
    checkpoints: CHECKPOINTS_OPTION,
    to: optional(text('URL'), 'Send the run to the board at this address, without a database.'),
    'kill-after': withDefault(
      duration(),
      '30',
      'How long the program may take to stop before it is killed.',
    ),
  },
  variables: [TOKEN],
  examples: [
    { line: 'bestmark run -- python train.py --output_dir out', text: 'Record one training.' },
  ],
})
