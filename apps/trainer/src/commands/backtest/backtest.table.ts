import { Direction } from '@bestmark/core'
import { command, many } from '../../cli/command.ts'
import { count, oneOf, text } from '../../cli/kind.ts'
import { withDefault, flag, optional } from '../../cli/option.ts'

export const BACKTEST = command({
  name: 'backtest',
  summary: 'Measure how well each policy would have chosen in finished runs.',
  details: [
    'Each policy chooses a checkpoint of each run without seeing the target metric. The target then ' +
      'tells how much worse the choice is than the best one (the regret).',
    'Runs of one group count as one when the interval of the mean is computed. Without --group, the ' +
      'group is the owner and name in a folder owner__name__… or models--owner--name, else the ' +
      'nearest repository, else the first folder below PATH.',
  ],
  arguments: { PATH: many('a run, or a folder of runs', { isFile: true }) },
  options: {
    target: optional(
      text('METRIC'),
      'The metric that judges the choices: a logged name, with or without its split; several with ' +
        'commas; or task, for the metric that fits the task of each run.',
    ),
    metric: optional(text('METRIC'), 'The metric that policy metric uses.'),
    mode: optional(
      oneOf(Direction.options),
      'Whether a low or a high target is better. Needed only where the name does not tell.',
    ),
    group: optional(
      text('REGEX'),
      "What its first group matches in a run's path is the group of the run.",
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
