import { command } from '../cli/command.ts'

/** Environment variables of commands that record running programs. */
export const LOST_AFTER = {
  name: 'BESTMARK_LOST_AFTER',
  text: 'A run without a process ends if it logs nothing for this many times its usual time between log lines. Default: 5.',
}

export const AGENT = command({
  name: 'agent',
  summary: 'Record runs, check files and ship checkpoints on this machine, until Ctrl-C.',
  details: [
    'The command bestmark up already starts an agent. Start one on each other machine with runs.',
  ],
  arguments: {},
  options: {},
  variables: [
    LOST_AFTER,
    {
      name: 'BESTMARK_DIGEST_RATE',
      text: 'The reading speed for SHA-256 of checkpoints, in MB per second. 0 turns it off. Default: 50.',
    },
    { name: 'DATABASE_URL', text: 'The Postgres that all machines of the board share.' },
    {
      name: 'DATABASE_LISTEN_URL',
      text: 'The same without a pool, where DATABASE_URL leads to a pool.',
    },
  ],
  examples: [
    {
      line: 'DATABASE_URL=postgres://me@db/board bestmark agent',
      text: 'Work for a shared board.',
    },
  ],
})
