import { LONGEST_TOKEN, SCOPES } from '@bestmark/core'
import { command } from '../cli/command.ts'
import { count, oneOf, text } from '../cli/kind.ts'
import { flag, optional, withDefault } from '../cli/option.ts'

export const TOKENS = command({
  name: 'tokens',
  summary: 'Make, list and revoke tokens for programs that call the board.',
  details: [
    'A program sends its token as "Authorization: Bearer TOKEN". It reaches the board through the API, never through a link.',
    'A token to read sees everything. A token to write may also do what people do on the pages, such as ship and stop. Only an admin changes rules of alerts.',
    'The board stores a digest of each token, so a token is shown once. Exits with 1 if there is no token.',
  ],
  arguments: {},
  options: {
    new: optional(text('NAME'), 'Make a token for this program and print it.'),
    scope: withDefault(oneOf(SCOPES), 'read', 'What the new token allows.'),
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
    { line: 'bestmark tokens --revoke 3f0c', text: 'End a token.' },
  ],
})
