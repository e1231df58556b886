import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { filledWords } from './recipeOptions.ts'
import { readRecipes, RECIPES_FILE, shownRecipes } from './recipesFile.ts'

async function read(text: string) {
  await using home = await temporaryFolder()
  await writeFile(join(home.path, RECIPES_FILE), text)
  return await readRecipes(home.path)
}

const TUNE = `recipes:
  tune:
    directory: /code
    argv: [python, train.py, "--lr={lr}", "--out={folder}", "{other"]
    parameters:
      lr: { type: number, minimum: 0, maximum: 1, default: 0.1 }
`

test('people see what a recipe takes, and not its words', async () => {
  const [shown] = shownRecipes(await read(TUNE))
  expect(shown).toEqual({
    name: 'tune',
    text: '',
    parameters: { lr: { type: 'number', minimum: 0, maximum: 1, default: 0.1 } },
    can_resume: false,
    at_once: 1,
  })
})

test('without the file a host has no recipes', async () => {
  await using home = await temporaryFolder()
  expect(await readRecipes(home.path)).toEqual(new Map())
})

test('a value stays in its word, whatever is in it, and is not filled again', () => {
  const words = ['--note={note}', '{lr}', '{other}']
  const values = { note: 'a b; $(rm -rf /) "{lr}"', lr: 0.1 }
  expect(filledWords(words, values)).toEqual([
    '--note=a b; $(rm -rf /) "{lr}"',
    ...['0.1', '{other}'],
  ])
})

test.each([
  ['argv: [python, "{lr}"]', 'line 4: recipes.tune.argv.1: {lr} is unknown; use {folder}, {name}.'],
  ['argv: ["{checkpoint}"]', '{checkpoint} is unknown'],
  ['argv: [a]\n    at_once: 0', 'line 5: recipes.tune.at_once: '],
  ['argv: [a]\n    shell: true', 'line 5: recipes.tune.shell: '],
  [
    'argv: [a]\n    parameters: { n: { type: integer, minimum: 1, maximum: 2, default: 3 } }',
    'recipes.tune.parameters.n.default: the default is not an allowed value',
  ],
  ['argv: [a]\n    slurm: { partition: gpu }', 'recipes.tune.slurm: it needs launcher: slurm'],
  [
    'argv: [a]\n    launcher: slurm\n    slurm: { options: [script.sh] }',
    'recipes.tune.slurm.options.0: an option of sbatch',
  ],
  ['argv: [a]\n    parameters: { folder: { type: text } }', 'not folder, name or checkpoint'],
])('%j is refused with its line and key', async (lines, message) => {
  await expect(read(`recipes:\n  tune:\n    directory: /code\n    ${lines}\n`)).rejects.toThrow(
    message,
  )
})
