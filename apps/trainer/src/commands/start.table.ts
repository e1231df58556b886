import { DEFAULT_PROJECT } from '@bestmark/core'
import { command, maybe } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { flag, optional, repeated } from '../cli/option.ts'

export const START = command({
  name: 'start',
  summary: 'Start runs of a recipe on a machine of the board.',
  details: [
    'The owner of a machine names its training programs in recipes.yaml, in its data folder; docs/recipes.md has an example. Without RECIPE the command lists them.',
    'Several values with commas make a run for each combination. Prints the ids of the jobs. Exits with 1 if there is no recipe to list.',
  ],
  arguments: { RECIPE: maybe('the name of a recipe') },
  options: {
    set: repeated(text('NAME=VALUES'), 'The value of a parameter, or several with commas.'),
    name: optional(text('NAME'), 'The name of the jobs. Default: that of the recipe.'),
    project: optional(text('NAME'), `The project of the jobs. Default: ${DEFAULT_PROJECT}.`),
    json: flag('Print JSON: one object per recipe, or per job.'),
  },
  examples: [
    { line: 'bestmark start', text: 'List the recipes.' },
    {
      line: 'bestmark start tune --set lr=1e-3,1e-4 --set epochs=3',
      text: 'Start a sweep of two runs.',
    },
  ],
})
