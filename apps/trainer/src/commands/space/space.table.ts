import { KEPT_POINTS } from '@bestmark/core'
import { command } from '../../cli/command.ts'
import { flag, optional } from '../../cli/option.ts'
import type { Kind } from '../../cli/option.ts'

/** The longest time that the rule takes (days): a hundred years. */
const LONGEST = 36_500

const DAYS: Kind<number | 'forever'> = {
  name: 'DAYS|forever',
  rule: `a whole number of days, 1 to ${LONGEST}, or "forever"`,
  parse: (word) => {
    if (word === 'forever') return word
    const days = /^\d{1,6}$/.test(word) ? Number(word) : 0
    return days >= 1 && days <= LONGEST ? days : undefined
  },
}

export const SPACE = command({
  name: 'space',
  summary: 'Show what fills the database of the board, and set how long raw points are kept.',
  details: [
    `Agents remove raw points of jobs that ended longer ago: each long curve then has about ${KEPT_POINTS} points per attempt. Evaluations, checkpoints and the chosen best stay. Files of runs are not touched.`,
  ],
  arguments: {},
  options: {
    'keep-points': optional(
      DAYS,
      'For how many days after its end all points of a job are kept. Default of a new board: forever.',
    ),
    free: flag('Apply the rule now, and make space of removed jobs and points free for new ones.'),
    compact: flag('Also give the free space back to the disk. Recording and pages wait meanwhile.'),
    json: flag('Print the result as JSON.'),
  },
  examples: [
    { line: 'bestmark space', text: 'Show what uses the disk.' },
    {
      line: 'bestmark space --keep-points 90',
      text: 'Thin curves of jobs 90 days after their end.',
    },
    { line: 'bestmark space --free --compact', text: 'Apply the rule, and shrink the files.' },
  ],
})
