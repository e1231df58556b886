import { command } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const TARGETS = command({
  name: 'targets',
  summary: 'List where checkpoints can be shipped: the targets of each host.',
  details: ['Exits with 1 if no agent has ever worked for this board.'],
  arguments: {},
  options: { json: flag('Print one JSON object per target.') },
  examples: [{ line: 'bestmark targets', text: 'One line per target.' }],
})
