import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RECIPES } from '../recipes/recipe.ts'
import { COMMANDS } from './commands.ts'
import { referenceText } from './reference.ts'

test('docs/cli.md matches the tables; write it again with: npx -y pnpm@12 reference', () => {
  const page = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8')
  expect(page).toBe(referenceText())
})

test('every table has examples that name its command, and plain sentences', () => {
  for (const { table } of COMMANDS) {
    const { name, summary, details = [], options, examples } = table
    expect(examples.length).toBeGreaterThan(0)
    for (const { line } of examples) expect(line).toMatch(RegExp(`bestmark ${name}\\b`))
    const texts = [summary, ...details, ...Object.values(options).map(({ text }) => text)]
    for (const text of texts) expect(text).toMatch(/^[A-Z].*\.$|: bestmark import FOLDER\.$/)
  }
})

test('every argument is a phrase without a full stop; the help adds it', () => {
  for (const { table } of COMMANDS) {
    const { program } = table
    const phrases = Object.values(table.arguments).map(({ text }) => text)
    for (const text of [...phrases, ...(program ? [program.text] : [])]) {
      expect(text).not.toMatch(/\.$/)
    }
  }
})

test('the help of train names every recipe and every preset', () => {
  const { table } = COMMANDS.find(({ table }) => table.name === 'train')!
  const { choices } = table.arguments['RECIPE']!
  expect(choices).toEqual(RECIPES.map(({ name }) => name))
  for (const preset of RECIPES.flatMap(({ presets }) => presets)) {
    expect(table.options['preset']?.text).toContain(preset)
  }
})
