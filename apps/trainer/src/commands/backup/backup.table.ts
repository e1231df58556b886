import { command, one } from '../../cli/command.ts'
import { flag } from '../../cli/option.ts'

export const BACKUP = command({
  name: 'backup',
  summary: 'Write the whole board to a file, also while it runs.',
  details: [
    'The file holds all jobs, policies, shipments, views and alerts of one moment, but no checkpoints. It also holds the secrets of alerts, so only you can read it.',
  ],
  arguments: {
    FILE: one('the file to write, or a folder for a file with the date in its name', {
      isFile: true,
    }),
  },
  options: { json: flag('Print the result as JSON.') },
  examples: [
    { line: 'bestmark backup board.bestmark', text: 'Write or replace one file.' },
    { line: 'bestmark backup /backups/', text: 'Write a new file with the date in its name.' },
  ],
})
