import { command } from '../cli/command.ts'
import { count } from '../cli/kind.ts'
import { flag, withDefault } from '../cli/option.ts'

export const AUDIT = command({
  name: 'audit',
  summary: 'List who changed something through the pages or the API, the newest first.',
  details: [
    'Each entry has the time, the caller (the link or a token), the procedure, its outcome, and what it changed. The database refuses to change or to delete an entry. Commands on the machine of the board are not listed.',
    'Exits with 1 if nothing was changed.',
  ],
  arguments: {},
  options: {
    last: withDefault(count('N', 1), '50', 'How many entries are listed.'),
    json: flag('Print JSON: one object per entry.'),
  },
  examples: [{ line: 'bestmark audit --last 10', text: 'Show the last ten changes.' }],
})
