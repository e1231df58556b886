import { JOB_SHELVES } from '@bestmark/core'
import { command } from '../cli/command.ts'
import { oneOf, text } from '../cli/kind.ts'
import { flag, optional, withDefault } from '../cli/option.ts'

export const JOBS = command({
  name: 'jobs',
  summary: 'List the jobs on the board, with the best step of each.',
  arguments: {},
  options: {
    project: optional(text('NAME'), 'List only the jobs of this project.'),
    tag: optional(text('TAG'), 'List only the jobs with this tag.'),
    search: optional(
      text('TEXT'),
      'List only jobs with this text in their name or project, or with this number of a Slurm job. ' +
        'The words partition:NAME, node:NAME and array:NUMBER ask for jobs that trained there.',
    ),
    show: withDefault(
      oneOf(JOB_SHELVES),
      'current',
      'Which jobs to list. `kept` means the current and the archived ones.',
    ),
    json: flag('Print one JSON object per job.'),
  },
  examples: [
    { line: 'bestmark jobs', text: 'One line per job.' },
    { line: 'bestmark jobs --project sweep', text: 'The jobs of one project.' },
    { line: 'bestmark jobs --search partition:gpu', text: 'The jobs of a partition of Slurm.' },
  ],
})
