import { Direction } from '@bestmark/core'
import { command, many } from '../../cli/command.ts'
import { count, oneOf, text } from '../../cli/kind.ts'
import { withDefault, flag, optional } from '../../cli/option.ts'

export const BACKTEST = command({
  name: 'backtest',
  summary: 'Measure how well each policy would have chosen in finished runs.',
  details: [
    'Each policy chooses a checkpoint of each run without the target metric. The regret is how much ' +
      'worse the target is at the chosen checkpoint than at the best one.',
    'The interval of the mean counts the runs of a group as one. By default, runs in a folder ' +
      'owner__name__… or models--owner--name belong to the group owner/name. Other runs belong to the ' +
      'group of their nearest git repository, else of the first folder below PATH.',
  ],
  arguments: { PATH: many('a run, or a folder of runs', { isFile: true }) },
  options: {
    target: optional(
      text('METRIC'),
      'The metric that measures the choices: logged names, separated by commas, with or without their ' +
        "split. The word task means the usual metric of each run's task.",
    ),
    metric: optional(text('METRIC'), 'The metric that policy metric uses.'),
    mode: optional(
      oneOf(Direction.options),
      'Whether a low or a high target is better. Needed only if its name does not show it.',
    ),
    group: optional(
      text('REGEX'),
      'A regular expression for the path of a run. Its first capture group is the group of the run.',
    ),
    'at-least': withDefault(count('NUMBER', 2), '4', 'Skip runs with fewer candidates than this.'),
    all: flag('List every run, also the skipped ones.'),
    json: flag('Print JSON.'),
    csv: flag('Print CSV: one row per run and policy.'),
  },
  examples: [
    {
      line: 'bestmark backtest runs/ --target eval_accuracy',
      text: 'Which policy finds the checkpoint with the best accuracy?',
    },
  ],
})
