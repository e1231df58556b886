import { JOB } from '../../cli/argumentTexts.ts'
import { command, one } from '../../cli/command.ts'
import { duration, text } from '../../cli/kind.ts'
import { flag, optional } from '../../cli/option.ts'

export const EVAL = command({
  name: 'eval',
  summary: 'Run a command on each checkpoint of a run, and keep what it measures as scores.',
  details: [
    'The scores are the last JSON object that the command prints. {checkpoint} and {step} in its ' +
      'arguments are replaced. Checkpoints that the same command measured before are skipped.',
  ],
  arguments: { RUN: one(`${JOB}, or the folder of a run`, { isFile: true }) },
  program: { name: 'COMMAND…', text: 'the command, with {checkpoint} or {step} in its arguments' },
  options: {
    only: optional(text('STEP,…|best|last'), 'Measure only these checkpoints.'),
    again: flag('Also measure checkpoints that were measured before.'),
    timeout: optional(duration({ above: 0 }), 'The time limit per checkpoint.'),
    by: optional(text('NAME'), 'Who measures. Default: your user name.'),
    json: flag('Print one JSON object per checkpoint.'),
  },
  examples: [
    {
      line: 'bestmark eval my-run -- python evaluate.py --model {checkpoint}',
      text: 'Measure every checkpoint.',
    },
    {
      line: 'bestmark eval my-run --only best,last -- ./evaluate.sh {checkpoint}',
      text: 'Measure two of them.',
    },
  ],
})
