import { LONGEST_TOKEN, TOKEN_SCOPES } from '@bestmark/core'
import { command } from '../cli/command.ts'
import { count, oneOf, text } from '../cli/kind.ts'
import { flag, optional, withDefault } from '../cli/option.ts'

export const TOKENS = command({
  name: 'tokens',
  summary: 'Make, list and revoke tokens for programs that call the board.',
  details: [
    'A program sends its token as "Authorization: Bearer TOKEN". It reaches the board through the API, never through a link.',
    'A token to read sees everything. A token to write may also do what people do on the pages, such as ship and stop. Only an admin changes rules of alerts.',
    'A token to ingest only sends the journals of one job or one project to the board, and reads nothing. A machine needs no other access to send its runs.',
    'The board stores a digest of each token, so a token is shown once. Exits with 1 if there is no token.',
  ],
  arguments: {},
  options: {
    new: optional(text('NAME'), 'Make a token for this program and print it.'),
    scope: withDefault(oneOf(TOKEN_SCOPES), 'read', 'What the new token allows.'),
    project: optional(text('NAME'), 'With the scope ingest: the project whose runs it may send.'),
    job: optional(
      text('JOB'),
      'With the scope ingest: the job whose journal it may send, as an id or a name. The id may be of a run that is not on the board yet.',
    ),
    days: withDefault(
      count('DAYS', 1),
      '90',
      `After how many days the new token expires, at most ${LONGEST_TOKEN}.`,
    ),
    revoke: optional(text('ID'), 'End a token now. The unique beginning of its id is enough.'),
    json: flag('Print JSON: one object per token.'),
  },
  examples: [
    { line: 'bestmark tokens --new notebook', text: 'Make a token to read.' },
    {
      line: 'bestmark tokens --new ci --scope write --days 30',
      text: 'Make a token that may ship checkpoints, for a month.',
    },
    {
      line: 'bestmark tokens --new cluster --scope ingest --project asr',
      text: 'Make a token for machines that send runs of a project.',
    },
    { line: 'bestmark tokens --revoke 3f0c', text: 'End a token.' },
  ],
})
