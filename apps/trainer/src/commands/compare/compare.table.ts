import { command, any } from '../../cli/command.ts'
import { text } from '../../cli/kind.ts'
import { flag, optional } from '../../cli/option.ts'
import { JOB } from '../../cli/argumentTexts.ts'

export const COMPARE = command({
  name: 'compare',
  summary: 'Show which checkpoint of several runs is best, and why.',
  details: [
    'Runs can be compared if they have the same metric, direction and evaluation data. The data are ' +
      'the same if the sample counts and the data sets in the configurations are. Each group of such ' +
      'runs has its own best.',
    'Exits with 1 if there is no single best checkpoint.',
  ],
  forms: ['compare JOB… [options]', 'compare --project NAME [options]'],
  arguments: { JOB: any(JOB) },
  options: {
    project: optional(text('NAME'), 'Compare all jobs of a project.'),
    json: flag('Print JSON.'),
  },
  examples: [
    { line: 'bestmark compare lr1e-2 lr3e-2', text: 'Which of two runs is better?' },
    { line: 'bestmark compare --project sweep', text: 'Compare all runs of a project.' },
  ],
})
