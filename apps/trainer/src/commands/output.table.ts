import { LogLevel } from '@bestmark/core'
import { JOB } from '../cli/argumentTexts.ts'
import { command, one } from '../cli/command.ts'
import { count, oneOf, text } from '../cli/kind.ts'
import { flag, optional } from '../cli/option.ts'

export const OUTPUT_COMMAND = command({
  name: 'output',
  summary: 'Print what a job printed, as the board has it.',
  details: ['Exits with 1 if no line matches.'],
  arguments: { JOB: one(JOB) },
  options: {
    last: optional(count('NUMBER', 1), 'Print only the last lines that match.'),
    search: optional(text('TEXT'), 'Print only lines with this text, in any letter case.'),
    level: optional(oneOf(LogLevel.options), 'Print only lines of this level.'),
    json: flag('Print one JSON object per line, with its step and time.'),
  },
  examples: [
    { line: 'bestmark output my-run --last 50', text: 'The last 50 lines.' },
    { line: 'bestmark output my-run --search nan', text: 'Every line with “nan”.' },
  ],
})
