import { command, many } from '../../cli/command.ts'
import { flag, optional } from '../../cli/option.ts'
import { CHECKPOINTS_OPTION } from '../../cli/checkpointsOption.ts'
import { POLICY, POLICY_OPTIONS, POLICY_TEXTS, WEIGHTS_OPTION } from '../../cli/policyOptions.ts'

export const PICK = command({
  name: 'pick',
  summary: 'Print the best checkpoint of a run, without a database.',
  details: [
    ...POLICY_TEXTS,
    'Exits with 0 if each path has a best checkpoint, with 1 if one has none, and with 2 if one ' +
      'cannot be read.',
  ],
  arguments: {
    PATH: many('the folder of a run, also in S3, or one trainer_state.json', { isFile: true }),
  },
  options: {
    policy: optional(POLICY, 'How to choose. Default: metric with --metric, else as_declared.'),
    ...POLICY_OPTIONS,
    weights: WEIGHTS_OPTION,
    checkpoints: CHECKPOINTS_OPTION,
    evaluations: flag('Choose from all evaluations, also those without a checkpoint.'),
    explain: flag('Also print why it is the best, and the other candidates.'),
    json: flag('Print one JSON object per path, with the explanation.'),
    'fail-on-disagreement': flag('Exit with 3 if the trainer names another checkpoint as best.'),
  },
  examples: [
    { line: 'bestmark pick out/', text: 'The best checkpoint of a run, and why.' },
    {
      line: 'bestmark pick out/ --metric eval_f1 --mode max --explain',
      text: 'Choose by another metric, and show all candidates.',
    },
  ],
})
