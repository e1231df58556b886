import { command, many } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'

export const IMPORT = command({
  name: 'import',
  summary: 'Put finished runs, or exported jobs, on the board.',
  details: ['Importing a run again adds only what is new.'],
  arguments: {
    PATH: many('the folder of a run, its state file, or a file that export wrote', {
      isFile: true,
    }),
  },
  options: {
    name: optional(text('NAME'), "The job's name. Default: the name of the folder."),
    project: optional(text('NAME'), 'The project that the job belongs to.'),
    json: flag('Print one JSON object per job.'),
  },
  examples: [
    { line: 'bestmark import out/', text: 'Import one run.' },
    { line: 'bestmark import runs/* --project qa', text: 'Import many runs into one project.' },
  ],
})
