import { expect, test } from 'vitest'
import { command, many } from './command.ts'
import { helpText, overviewText } from './help.ts'
import { oneOf, text } from './kind.ts'
import { withDefault, flag, repeated } from './option.ts'

const COOK = command({
  name: 'cook',
  summary: 'Cook a meal.',
  arguments: { MEAL: many('what to cook') },
  options: {
    heat: withDefault(oneOf(['low', 'high']), 'low', 'How hot.'),
    without: repeated(text('NAME'), 'What to leave out.'),
    quiet: flag('No noise. '.repeat(12).trim()),
  },
  variables: [{ name: 'STOVE', text: 'The stove.' }],
  examples: [{ line: 'bestmark cook soup', text: 'A soup.' }],
})

test('help explains every argument, option, variable and example', () => {
  expect(helpText(COOK)).toBe(`\
Usage: bestmark cook MEAL… [options]

Cook a meal.

Arguments:
  MEAL…  What to cook.

Options:
  --heat low|high  How hot. Default: low.
  --without NAME   What to leave out. May be given several times.
  --quiet          No noise. No noise. No noise. No noise. No noise. No noise. No noise. No
                   noise. No noise. No noise. No noise. No noise.
  --help           Show this help.

Environment:
  STOVE  The stove.

Examples:
  # A soup.
  bestmark cook soup
`)
})

test('the overview has one line per command, in groups', () => {
  expect(overviewText([{ title: 'Kitchen', tables: [COOK] }])).toBe(`\
Usage: bestmark COMMAND [options]

Kitchen:
  cook  Cook a meal.

Details of a command: bestmark COMMAND --help
`)
})
