import { DEFAULT_PROJECT } from '@bestmark/core'
import { JOB } from '../cli/argumentTexts.ts'
import { command, maybe } from '../cli/command.ts'
import { text } from '../cli/kind.ts'
import { optional } from '../cli/option.ts'

export const TRAIN = command({
  name: 'train',
  summary: 'Train the built-in model, or continue a run from its last checkpoint.',
  details: ['Ctrl-C stops the run after a last checkpoint. Exits with 0 if the run completed.'],
  forms: ['train RECIPE [options]', 'train --resume JOB'],
  arguments: { RECIPE: maybe('what to train: char-lm', { choices: ['char-lm'] }) },
  options: {
    preset: optional(text('NAME'), 'The size of the training: default, quick or long.'),
    name: optional(text('NAME'), "The job's name. Default: the name of the recipe."),
    project: optional(text('NAME'), `The project of the job. Default: ${DEFAULT_PROJECT}.`),
    resume: optional(text('JOB'), `Continue this job: ${JOB}.`),
  },
  examples: [
    { line: 'bestmark train char-lm', text: 'Train a small language model on this machine.' },
    { line: 'bestmark train --resume char-lm', text: 'Continue it.' },
  ],
})
