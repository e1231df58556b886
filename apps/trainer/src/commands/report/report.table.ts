import { JOB } from '../../cli/argumentTexts.ts'
import { command, one } from '../../cli/command.ts'

export const REPORT = command({
  name: 'report',
  summary: 'Print the report of a job as one HTML file that needs no other file.',
  arguments: { JOB: one(JOB) },
  options: {},
  examples: [{ line: 'bestmark report my-run > my-run.html', text: 'Write the report.' }],
})
