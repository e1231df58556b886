import { command } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const LINK = command({
  name: 'link',
  summary: 'Print the link that opens the board in a browser.',
  details: ['Safari cannot open the name in the link. In Safari, replace the name by 127.0.0.1.'],
  arguments: {},
  options: {
    new: flag('Make a new link. The old link stops working, in every browser that used it.'),
  },
  variables: [
    { name: 'PORT', text: 'The port of the board. Default: the port of its last start.' },
    { name: 'BESTMARK_HOME', text: 'The data folder. Default: .bestmark.' },
  ],
  examples: [{ line: 'bestmark link', text: 'Print the link again.' }],
})
