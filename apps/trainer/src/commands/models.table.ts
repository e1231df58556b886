import { command, maybe } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'

export const MODELS = command({
  name: 'models',
  summary: 'Show what is live under each model name, and whether a better checkpoint exists.',
  details: [
    'With a NAME it also prints the history of that name. The agent on the host of the files does a ' +
      'roll back or a check; look at the model again to see the result.',
    'Exits with 1 if nothing was shipped.',
  ],
  arguments: { NAME: maybe('the name of a model, as it was shipped') },
  options: {
    'roll-back': flag('Make the version live again that was live before.'),
    verify: flag('Compare the shipped files with the ledger.'),
    withdraw: flag('Withdraw the orders of this name that no agent has begun.'),
    by: optional(text('NAME'), 'Who orders this.'),
    reason: optional(text('TEXT'), 'Why, for the ledger.'),
    json: flag('Print JSON: one object per model.'),
  },
  examples: [
    { line: 'bestmark models', text: 'What is live.' },
    {
      line: 'bestmark models chat --roll-back --by ana --reason "shorter answers"',
      text: 'Go back to the version before.',
    },
  ],
})
