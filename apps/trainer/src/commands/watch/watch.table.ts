import { command, many } from '../../cli/command.ts'
import { CHECKPOINTS_OPTION } from '../../cli/checkpointsOption.ts'
import { text } from '../../cli/kind.ts'
import { flag, optional } from '../../cli/option.ts'
import { LOST_AFTER } from '../agent.table.ts'

export const WATCH = command({
  name: 'watch',
  summary: 'Find training runs in folders and record them while they grow, until Ctrl-C.',
  details: ['The training programs need no change. New runs are found as they appear.'],
  arguments: { PATH: many('a folder; runs are found at any depth', { isFile: true }) },
  options: {
    project: optional(text('NAME'), 'The project that new jobs belong to.'),
    checkpoints: CHECKPOINTS_OPTION,
    once: flag('Record all runs once, and exit.'),
    json: flag('Print one JSON object each time a run is found, or its status or best changes.'),
  },
  variables: [LOST_AFTER],
  examples: [{ line: 'bestmark watch ~/project', text: 'Record all runs of a project.' }],
})
