import { command } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const DISTRIBUTE = command({
  name: 'distribute',
  summary: 'Distribute the tables of the board over several Postgres servers (Citus).',
  details: [
    'The database must be on the coordinator of a Citus cluster. What runs log goes to the workers: all rows of a job to one of them. All else stays on the coordinator. A table that is already distributed stays as it is, so the command may be repeated. Recording and pages wait meanwhile.',
  ],
  arguments: {},
  options: {
    'dry-run': flag('Print what would change, and change nothing.'),
    json: flag('Print the result as JSON.'),
  },
  examples: [
    { line: 'bestmark distribute --dry-run', text: 'Show what would be done to each table.' },
    { line: 'bestmark distribute', text: 'Distribute the board.' },
  ],
})
