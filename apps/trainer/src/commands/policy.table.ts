import { Policy } from '@bestmark/core'
import { JOB } from '../cli/argumentTexts.ts'
import { command, maybe } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'
import { POLICY_OPTIONS, POLICY_TEXTS } from '../cli/policyOptions.ts'

export const POLICY_COMMAND = command({
  name: 'policy',
  summary: 'Show or change the policy that chooses the best checkpoint.',
  details: [
    ...POLICY_TEXTS,
    "Policy scored uses the coefficients that the board's backtest recommends.",
  ],
  forms: ['policy JOB [POLICY] [options]', 'policy --project NAME [POLICY] [options]'],
  arguments: {
    JOB: maybe(JOB),
    POLICY: maybe(`the new policy: ${Policy.options.join(', ')}`, { choices: Policy.options }),
  },
  options: {
    ...POLICY_OPTIONS,
    project: optional(text('NAME'), 'Show or change the policy of a project instead of one job.'),
    inherit: flag("Remove the job's policy, so that the project's policy or the default applies."),
    by: optional(text('NAME'), 'Who changes it, for the history. Default: your user and machine.'),
    history: flag('Print who changed the policy, and when.'),
    json: flag('Print JSON.'),
  },
  examples: [
    { line: 'bestmark policy my-run', text: 'Show what decides.' },
    {
      line: 'bestmark policy my-run metric --metric eval_f1 --mode max',
      text: 'The highest eval_f1 decides from now on.',
    },
    { line: 'bestmark policy --project qa --history', text: 'Show who changed it in a project.' },
  ],
})
