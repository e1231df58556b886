import { JOB } from '../cli/argumentTexts.ts'
import { command, many, one } from '../cli/command.ts'
import { flag } from '../cli/option.ts'

export const PIN = command({
  name: 'pin',
  summary: 'Protect checkpoints from prune.',
  arguments: {
    JOB: one(JOB),
    CHECKPOINT: many('the step of a checkpoint, or its path in the run'),
  },
  options: { off: flag('Remove the protection.') },
  examples: [
    { line: 'bestmark pin my-run 500 600', text: 'Keep the checkpoints of two steps.' },
    { line: 'bestmark pin my-run 500 --off', text: 'Let prune remove step 500 again.' },
  ],
})
