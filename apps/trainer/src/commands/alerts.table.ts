import { command } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const ALERTS = command({
  name: 'alerts',
  summary: 'List the rules of alerts, and the last messages with their errors.',
  details: [
    'Rules are made on the page /alerts of the board. The secrets of a rule are not shown.',
  ],
  arguments: {},
  options: { json: flag('Print one JSON object with `rules` and `messages`.') },
  examples: [{ line: 'bestmark alerts', text: 'Show what is sent to whom, and what arrived.' }],
})
