import { DEFAULT_TARGET } from '@bestmark/core'
import type { ShippedContents } from '@bestmark/db'
import { JOB } from '../cli/argumentTexts.ts'
import { command, one } from '../cli/command.ts'
import { oneOf, path, text } from '../cli/kind.ts'
import { flag, optional, withDefault } from '../cli/option.ts'

export const DEPLOY = command({
  name: 'deploy',
  summary: 'Ship a checkpoint of a job under a model name. Default: the best one.',
  details: [
    'The agent on the host of the files ships it. With --wait the command ends when that is done, ' +
      'and exits with 2 if it failed, or with 1 if it was stopped before.',
    'Exits with 1 if the job has no best checkpoint.',
    'Exits with 3 if a condition of the target does not hold; then nothing is shipped.',
  ],
  arguments: { JOB: one(JOB) },
  options: {
    checkpoint: optional(text('STEP|PATH'), 'Ship this checkpoint.'),
    as: optional(text('NAME'), 'The name of the model. Default: from the name of the job.'),
    host: optional(
      text('HOST'),
      'The host whose agent ships it, if the checkpoint is in S3. Default: the host of the job.',
    ),
    target: withDefault(text('NAME'), DEFAULT_TARGET, 'A target of that host.'),
    contents: withDefault(
      oneOf<ShippedContents>(['serving', 'whole']),
      'serving',
      'What is shipped: what serving needs, or also the state of the optimiser and the trainer.',
    ),
    'with-files-from': optional(
      path('PATH'),
      'A folder on the host of the files. Its configuration and tokenizer are added where the ' +
        'checkpoint has none.',
    ),
    by: optional(text('NAME'), 'Who ships it. Default: your user name.'),
    reason: optional(text('TEXT'), 'Why, for the ledger. Needed for another than the best.'),
    'if-better': flag(
      'Ship only if it is better than what is live there by more than the noise; otherwise exit with 3.',
    ),
    wait: flag('Wait until it is live.'),
    json: flag('Print the entry of the ledger as JSON, or the checks that hold it back.'),
  },
  examples: [
    {
      line: 'bestmark deploy my-run --as chat --wait',
      text: 'Ship the best checkpoint as “chat”.',
    },
    {
      line: 'bestmark deploy my-run --checkpoint 500 --reason "shorter answers"',
      text: 'Ship another one.',
    },
  ],
})
