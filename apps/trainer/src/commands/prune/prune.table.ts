import { JOB } from '../../cli/argumentTexts.ts'
import { command, one } from '../../cli/command.ts'
import { count } from '../../cli/kind.ts'
import { flag, required } from '../../cli/option.ts'

export const PRUNE = command({
  name: 'prune',
  summary: 'Remove all checkpoints except the best ones and the last ones.',
  details: [
    'Without --yes it only lists what it would remove. Pinned and shipped checkpoints are always kept.',
  ],
  arguments: { RUN: one(`${JOB}, or the folder of a run`, { isFile: true }) },
  options: {
    'keep-best': required(count('NUMBER', 0), 'How many of the best checkpoints to keep.'),
    'keep-last': required(count('NUMBER', 0), 'How many of the last checkpoints to keep.'),
    yes: flag('Remove them.'),
    json: flag('Print JSON.'),
  },
  examples: [
    {
      line: 'bestmark prune my-run --keep-best 2 --keep-last 1',
      text: 'Show what would be removed.',
    },
    { line: 'bestmark prune my-run --keep-best 2 --keep-last 1 --yes', text: 'Remove them.' },
  ],
})
