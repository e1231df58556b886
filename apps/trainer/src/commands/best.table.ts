import { command, one } from '../cli/command.ts'
import { flag } from '../cli/option.ts'
import { JOB } from '../cli/argumentTexts.ts'

export const BEST = command({
  name: 'best',
  summary: "Print the path of a job's best checkpoint, and nothing else.",
  details: ['Exits with 1 and prints nothing to stdout where no checkpoint can be chosen.'],
  arguments: { JOB: one(JOB) },
  options: { explain: flag('Print also why it is the best, and the other candidates.') },
  examples: [
    { line: 'cp -r "$(bestmark best my-run)" serving/', text: 'Copy the best checkpoint.' },
    { line: 'bestmark best my-run --explain', text: 'Show the reasons.' },
  ],
})
