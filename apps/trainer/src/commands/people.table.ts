import { ROLES } from '@bestmark/core'
import { command } from '../cli/command.ts'
import { oneOf, text } from '../cli/kind.ts'
import { flag, optional, withDefault } from '../cli/option.ts'

export const PEOPLE = command({
  name: 'people',
  summary: 'List, invite and remove the people who sign in to the board.',
  details: [
    'People sign in to a board that other machines reach (HOST or BESTMARK_PROXIES of "bestmark up").',
    'A viewer reads. A member may also do what people do on the pages, such as ship and stop. An admin also invites people and changes rules of alerts.',
    'It works without an account, so an admin who cannot sign in gets in again: --reset prints a link to a new password. Each link works once, for a week. Exits with 1 if there is nobody.',
  ],
  arguments: {},
  options: {
    invite: optional(text('EMAIL'), 'Invite a person, and print the link that makes the account.'),
    role: withDefault(oneOf(ROLES), 'viewer', 'The role for --invite and --change.'),
    change: optional(text('EMAIL'), 'Give a person the role of --role.'),
    reset: optional(text('EMAIL'), 'Print a link by which a person chooses a new password.'),
    'sign-out': optional(text('EMAIL'), 'Sign a person out in all browsers.'),
    remove: optional(text('EMAIL'), 'End the access of a person.'),
    json: flag('Print JSON: one object per person, or the link.'),
  },
  variables: [
    {
      name: 'BESTMARK_URL',
      text: 'The address of the board in links. Default: that of its last start.',
    },
  ],
  examples: [
    { line: 'bestmark people', text: 'List the people.' },
    {
      line: 'bestmark people --invite ana@lab.org --role member',
      text: 'Invite a person who may ship.',
    },
    { line: 'bestmark people --reset ana@lab.org', text: 'Let a person choose a new password.' },
  ],
})
