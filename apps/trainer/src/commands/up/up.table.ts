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
    {
      name: 'HOST',
      text: 'The address to listen on. With one that other machines reach, people sign in. Default: 127.0.0.1.',
    },
    { name: 'BESTMARK_HOME', text: 'The data folder. Default: .bestmark.' },
    {
      name: 'BESTMARK_URL',
      text: 'The address of the board for browsers, in links and in alerts. Default: its name on this machine.',
    },
    {
      name: 'BESTMARK_PROXIES',
      text: 'Addresses of proxies before the board, whose X-Forwarded headers are believed. People sign in then. Needs BESTMARK_URL.',
    },
    {
      name: 'BESTMARK_TLS_CERT',
      text: 'The file of a certificate (PEM), with BESTMARK_TLS_KEY, to serve https.',
    },
    {
      name: 'BESTMARK_OIDC_ISSUER',
      text: 'A provider of OpenID Connect by which people sign in. See docs/operations.md.',
    },
    {
      name: 'DATABASE_URL',
      text: 'Any Postgres, version 15 or newer. Default: an embedded Postgres in the data folder.',
    },
    {
      name: 'DATABASE_LISTEN_URL',
      text: 'The same without a pool, where DATABASE_URL leads to a pool. See docs/operations.md.',
    },
    { name: 'DATABASE_READ_URL', text: 'A streaming replica, for reading by the pages.' },
  ],
  examples: [{ line: 'PORT=8080 bestmark up --no-demo', text: 'An empty board on another port.' }],
})
