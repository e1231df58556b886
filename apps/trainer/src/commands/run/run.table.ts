import { command } from '../../cli/command.ts'
import { CHECKPOINTS_OPTION } from '../../cli/checkpointsOption.ts'
import { duration, path, text } from '../../cli/kind.ts'
import { withDefault, optional } from '../../cli/option.ts'

export const RUN = command({
  name: 'run',
  summary: 'Start a training program and record what it prints and writes.',
  details: [
    'The program starts even if the database cannot be reached. Its files keep everything, and are ' +
      'recorded once the database answers, or later by: bestmark import FOLDER.',
    'It also notes the options in the command, the host, the git commit, and Python and package ' +
      'versions, and samples processors, memory and GPUs every 10 seconds.',
    "SIGINT and SIGTERM go to the program. Exits with the program's exit code.",
  ],
  arguments: {},
  program: { name: 'COMMAND…', text: 'the program to start, with its arguments' },
  options: {
    name: optional(text('NAME'), "The job's name. Default: the name of the script."),
    project: withDefault(text('NAME'), 'bestmark', 'The project that a new job belongs to.'),
    folder: optional(
      path('FOLDER'),
      'The folder that the program writes to. Default: found in its arguments.',
    ),
    checkpoints: CHECKPOINTS_OPTION,
    'kill-after': withDefault(
      duration(),
      '30',
      'How long the program may take to stop before it is killed.',
    ),
  },
  examples: [
    { line: 'bestmark run -- python train.py --output_dir out', text: 'Record one training.' },
  ],
})
