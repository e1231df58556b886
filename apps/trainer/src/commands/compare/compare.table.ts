import { command, any } from '../../cli/command.ts'
import { text } from '../../cli/kind.ts'
import { flag, optional } from '../../cli/option.ts'
import { JOB } from '../../cli/argumentTexts.ts'

export const COMPARE = command({
  name: 'compare',
  summary: "Say which of several runs' checkpoints is best, and why.",
  details: [
    'Runs are not ranked across if their metric, its direction or their evaluation data differ (sample ' +
      'counts, or data sets in the configuration). Each group of runs that compare has its own best.',
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
