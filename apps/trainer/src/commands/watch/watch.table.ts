import { command, many } from '../../cli/command.ts'
import { CHECKPOINTS_OPTION } from '../../cli/checkpointsOption.ts'
import { text } from '../../cli/kind.ts'
import { flag, optional } from '../../cli/option.ts'
import { LOST_AFTER } from '../agent.table.ts'

/** The token for a board that runs are sent to. */
export const TOKEN = {
  name: 'BESTMARK_TOKEN',
  text: 'With --to: a token of the board with the scope ingest.',
}

export const WATCH = command({
  name: 'watch',
  summary: 'Find training runs in folders and record them while they grow, until Ctrl-C.',
  details: [
    'The training programs need no change. New runs are found as they appear.',
    'With --to it needs no database: it sends the runs to a board over HTTP, with the token in ' +
      'BESTMARK_TOKEN. While the board is away, the data folder keeps what is left; it is sent later, ' +
      'also after a restart. Nobody can ship from there. Exits with 2 if the board does not take a run.',
  ],
  arguments: { PATH: many('a folder; runs are found at any depth', { isFile: true }) },
  options: {
    to: optional(text('URL'), 'Send the runs to the board at this address.'),
    project: optional(text('NAME'), 'The project that new jobs belong to.'),
    checkpoints: CHECKPOINTS_OPTION,
    once: flag('Record all runs once, and exit.'),
    json: flag('Print one JSON object each time a run is found, or its status or best changes.'),
  },
  variables: [LOST_AFTER, TOKEN],
  examples: [
    { line: 'bestmark watch ~/project', text: 'Record all runs of a project.' },
    {
      line: 'bestmark watch ~/project --to https://board.example.org',
      text: 'Send all runs of a project to a board.',
    },
  ],
})
