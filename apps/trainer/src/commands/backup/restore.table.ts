import { command, one } from '../../cli/command.ts'
import { flag } from '../../cli/option.ts'

export const RESTORE = command({
  name: 'restore',
  summary: 'Put a backup on an empty board.',
  details: [
    'First stop "bestmark up" and all agents. The whole file is checked before anything is written. After an error the board is unchanged.',
  ],
  arguments: { FILE: one('a file of bestmark backup', { isFile: true }) },
  options: {
    replace: flag(
      'Replace the content of the board. It is first backed up to the folder backups in the data folder.',
    ),
    'same-machine': flag(
      'This is the machine that made the backup, with a new data folder: its runs are recorded here again.',
    ),
    check: flag('Only check the file.'),
    json: flag('Print the result as JSON.'),
  },
  examples: [
    { line: 'bestmark restore board.bestmark', text: 'Fill an empty board.' },
    { line: 'bestmark restore board.bestmark --check', text: 'Is this file complete?' },
  ],
})
