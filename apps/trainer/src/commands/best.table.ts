import { command, maybe } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'
import { JOB } from '../cli/argumentTexts.ts'

export const BEST = command({
  name: 'best',
  summary: 'Print the path of the best checkpoint of a job or a project, and nothing else.',
  details: [
    'Exits with 1 if no checkpoint can be chosen, or if the runs of the project cannot be compared. ' +
      'Then it prints nothing to stdout, and the reason to stderr.',
  ],
  forms: ['best JOB [options]', 'best --project NAME [options]'],
  arguments: { JOB: maybe(JOB) },
  options: {
    project: optional(text('NAME'), 'The best checkpoint of all jobs of a project.'),
    explain: flag('Also print why it is the best, and the other candidates.'),
    json: flag('Print JSON.'),
  },
  examples: [
    { line: 'cp -r "$(bestmark best my-run)" serving/', text: 'Copy the best checkpoint.' },
    { line: 'bestmark best my-run --explain', text: 'Show the reasons.' },
    {
      line: 'bestmark best --project sweep',
      text: 'The best checkpoint of all runs of a project.',
    },
  ],
})
