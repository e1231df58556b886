import { Direction } from '@bestmark/core'
import { any, command, one } from '../../cli/command.ts'
import { count, oneOf, path, text } from '../../cli/kind.ts'
import { flag, optional, repeated } from '../../cli/option.ts'

export const SCORE = command({
  name: 'score',
  summary: 'Store values that you measured on a checkpoint after training.',
  details: ['A score counts as an evaluation of the checkpoint, so it can decide which is best.'],
  forms: [
    'score CHECKPOINT NAME=VALUE… [options]',
    'score CHECKPOINT --results FILE [options]',
    'score CHECKPOINT --retract [NAME…] [options]',
  ],
  arguments: {
    CHECKPOINT: one('the path of a checkpoint, its id on the board, or the beginning of its id', {
      isFile: true,
    }),
    SCORE: any('a metric and its value, as in eval_f1=0.9'),
  },
  options: {
    results: optional(
      path('FILE'),
      'Read the scores from a JSON file: results of lm-evaluation-harness, or numbers by name.',
    ),
    stderr: repeated(text('[NAME=]NUMBER'), 'The standard error of a score.'),
    samples: optional(count('NUMBER', 1), 'How many examples were measured.'),
    mode: optional(oneOf(Direction.options), 'Whether a low or a high value is better.'),
    replace: flag('Earlier scores of the same metrics no longer count.'),
    retract: flag('Retract the named scores of the checkpoint, or all of them.'),
    by: optional(text('NAME'), 'Who measured. Default: your user name.'),
    json: flag('Print JSON.'),
  },
  examples: [
    { line: 'bestmark score out/checkpoint-500 eval_f1=0.91', text: 'Store one value.' },
    { line: 'bestmark score out/checkpoint-500 --results results.json', text: 'Read a file.' },
    { line: 'bestmark score out/checkpoint-500 --retract eval_f1', text: 'Retract it.' },
  ],
})
