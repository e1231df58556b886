import { JOB } from '../../cli/argumentTexts.ts'
import { command, one } from '../../cli/command.ts'
import { count, duration, oneOf, text } from '../../cli/kind.ts'
import { flag, type Kind, optional, repeated, withDefault } from '../../cli/option.ts'
import { SBATCH_OPTION } from '../../recipes/sbatchOption.ts'

const sbatchOption: Kind<string> = {
  ...text('OPTION'),
  rule: 'an option of sbatch, such as --mem=32G',
  parse: (word) => (SBATCH_OPTION.test(word) ? word : undefined),
}

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
    follow: flag('Wait for more checkpoints until the run has ended, and measure them, too.'),
    again: flag('Also measure checkpoints that were measured before.'),
    timeout: optional(duration({ above: 0 }), 'The time limit per checkpoint.'),
    launcher: withDefault(
      oneOf(['local', 'slurm']),
      'local',
      'What runs the command: this machine, or a job of Slurm per checkpoint.',
    ),
    sbatch: repeated(sbatchOption, 'An option of sbatch, as in --sbatch=--gres=gpu:1.'),
    'at-once': optional(count('N', 1), 'How many jobs of Slurm there are at a time. Default: 8.'),
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
    {
      line: 'bestmark eval my-run --follow -- ./evaluate.sh {checkpoint}',
      text: 'Measure each checkpoint while the run trains.',
    },
    {
      line: 'bestmark eval my-run --launcher slurm --sbatch=--gres=gpu:1 -- ./evaluate.sh {checkpoint}',
      text: 'Measure them in jobs of Slurm.',
    },
  ],
})
