import { expect, test } from 'vitest'
import { any, command, many, maybe, one } from './command.ts'
import { amount, count, duration, oneOf, path, text } from './kind.ts'
import { withDefault, flag, optional, required, repeated } from './option.ts'
import { parse } from './parse.ts'

const BEFORE = { name: 'cook', summary: 'Cook a meal.', examples: [] } as const

const COOK = command({
  ...BEFORE,
  arguments: { MEAL: one('what to cook'), SPICE: any('what goes into it') },
  options: {
    guests: required(count('NUMBER', 1), 'How many eat.'),
    heat: withDefault(oneOf(['low', 'high']), 'low', 'How hot.'),
    salt: optional(amount('GRAMS'), 'How much salt.'),
    recipe: optional(path('FILE'), 'A recipe.'),
    without: repeated(text('NAME'), 'What to leave out.'),
    rest: withDefault(duration(), '0.5', 'How long to wait.'),
    quiet: flag('No noise.'),
  },
})

test('words become values of the types that the table names', () => {
  const words = 'soup mint --guests 2 --salt=1.5 --without egg dill --without nuts --quiet'.split(
    ' ',
  )
  expect(parse(words, COOK)).toEqual({
    args: { MEAL: 'soup', SPICE: ['mint', 'dill'] },
    values: {
      ...{ guests: 2, heat: 'low', salt: 1.5, recipe: undefined },
      ...{ without: ['egg', 'nuts'], rest: 500, quiet: true },
    },
    program: [],
  })
})

test('if an option is given twice, the last one counts', () => {
  const { values } = parse(['soup', '--guests', '2', '--guests', '3'], COOK)
  expect(values.guests).toBe(3)
})

test('a value that begins with - is written after =', () => {
  const { values } = parse(['soup', '--guests', '2', '--recipe=-x'], COOK)
  expect(values.recipe).toBe('-x')
})

test.each([
  ['', 'MEAL is missing: what to cook. Usage: bestmark cook MEAL [SPICE…] [options]'],
  ['soup', '--guests is missing; it must be a whole number, 1 or more.'],
  ['soup --guests 0', '--guests must be a whole number, 1 or more; got "0".'],
  ['soup --guests 1.5', '--guests must be a whole number, 1 or more; got "1.5".'],
  ['soup --guests 1e3', '--guests must be a whole number, 1 or more; got "1e3".'],
  ['soup --guests', '--guests needs a value: --guests NUMBER.'],
  ['soup --guests --quiet', 'For a value that begins with -, write --guests=--quiet.'],
  ['soup --guests 2 --heat hot', '--heat must be low or high; got "hot".'],
  ['soup --guests 2 --salt=-1', '--salt must be 0 or more; got "-1".'],
  ['soup --guests 2 --rest 1e9', '--rest must be a number of seconds, 0 to 2147482; got "1e9".'],
  ['soup --guests 2 --quiet=yes', '--quiet takes no value; got "yes".'],
  ['soup --gusets 2', 'Unknown option --gusets. Did you mean --guests? See: bestmark cook --help'],
  ['soup --zorp', 'Unknown option --zorp. See: bestmark cook --help'],
  ['soup -q', 'Unknown option -q. See: bestmark cook --help'],
  ['soup --constructor', 'Unknown option --constructor.'],
])('%s is refused: %s', (words, message) => {
  expect(() => parse(words.split(' ').filter(Boolean), COOK)).toThrow(message)
})

test('the error for one word too many names it', () => {
  const table = command({ ...BEFORE, arguments: { MEAL: maybe('a meal') }, options: {} })
  expect(parse([], table).args.MEAL).toBeUndefined()
  expect(() => parse(['soup', 'rice'], table)).toThrow(
    'Unexpected word "rice". Usage: bestmark cook',
  )
  const several = command({ ...BEFORE, arguments: { MEAL: many('meals') }, options: {} })
  expect(parse(['soup', 'rice'], several).args.MEAL).toEqual(['soup', 'rice'])
  expect(() => parse([], several)).toThrow('MEAL is missing: meals.')
})

test('the words after -- are the command line of another program', () => {
  const program = { name: 'COMMAND…', text: 'the program' }
  const options = { quiet: flag('No noise.') }
  const table = command({ ...BEFORE, arguments: {}, program, options })
  expect(parse(['--', 'stir', '--quiet', '--', 'x'], table)).toEqual({
    ...{ args: {}, values: { quiet: false }, program: ['stir', '--quiet', '--', 'x'] },
  })
  for (const words of [[], ['--']]) {
    expect(() => parse(words, table)).toThrow('COMMAND… is missing. Write it after --.')
  }
})
