import { command } from '../../cli/command.ts'
import { count } from '../../cli/kind.ts'
import { withDefault, flag } from '../../cli/option.ts'
import { RESTARTS } from './restarts.ts'

export const UP = command({
  name: 'up',
  summary: 'Start the whole board: database, pages and agent. Ctrl-C stops it.',
  details: ['An empty board trains a small model, so that there is something to see.'],
  arguments: {},
  options: {
    'no-demo': flag('Do not train the small model, and do not add the recorded examples.'),
    dev: flag('Rebuild the pages when their source changes.'),
    restarts: withDefault(
      count('NUMBER', 1),
      String(RESTARTS.most),
      'How many times in a row an ended part is restarted before the board stops.',
    ),
  },
  variables: [
    { name: 'PORT', text: 'The port of the page. Default: 4173.' },
    { name: 'HOST', text: 'Must be an address of this machine only. Default: 127.0.0.1.' },
    { name: 'BESTMARK_HOME', text: 'The data folder. Default: .bestmark.' },
    {
      name: 'BESTMARK_URL',
      text: 'The address of the board in the links of alerts. Default: its name on this machine.',
    },
    {
      name: 'DATABASE_URL',
      text: 'Any Postgres, version 15 or newer. Default: an embedded Postgres in the data folder.',
    },
  ],
  examples: [{ line: 'PORT=8080 bestmark up --no-demo', text: 'An empty board on another port.' }],
})
