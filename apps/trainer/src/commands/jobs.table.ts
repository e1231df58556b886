import { command } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const JOBS = command({
  name: 'jobs',
  summary: 'List the jobs on the board, with the best step of each.',
  arguments: {},
  options: { json: flag('Print one JSON object per job.') },
  examples: [{ line: 'bestmark jobs', text: 'One line per job.' }],
})
