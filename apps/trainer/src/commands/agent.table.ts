import { command } from '../cli/command.ts'

/** Environment variables of commands that record running programs. */
export const LOST_AFTER = {
  name: 'BESTMARK_LOST_AFTER',
  text: 'A run is marked lost after this many times its usual time between log lines. Default: 5.',
}

export const AGENT = command({
  name: 'agent',
  summary: 'Record runs, check files and ship checkpoints on this machine, until Ctrl-C.',
  details: [
    'The board (bestmark up) has an agent already. Start one on each further machine that has runs.',
  ],
  arguments: {},
  options: {},
  variables: [
    LOST_AFTER,
    {
      name: 'BESTMARK_DIGEST_RATE',
      text: 'How many MB per second are read to compute SHA-256 of checkpoints. 0 turns it off. Default: 50.',
    },
    { name: 'DATABASE_URL', text: 'The Postgres that all machines of the board share.' },
  ],
  examples: [
    {
      line: 'DATABASE_URL=postgres://me@db/board bestmark agent',
      text: 'Work for a shared board.',
    },
  ],
})
