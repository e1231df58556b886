import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { testBoard } from '../board/testing.ts'
import { OUTPUT } from '../sources/output/runOutput.ts'
import { writeOutput } from '../testing.ts'
import { command } from './testing.ts'

const here = testBoard()
const LINES = 12_000

beforeAll(async () => {
  const folder = join(here.path, 'printed')
  await mkdir(folder, { recursive: true })
  await writeOutput(folder, { saves: [1], log: [{ step: 1, eval_loss: 1 }] })
  const lines = Array.from({ length: LINES }, (_, at) => `line ${at}${at === 700 ? ' NaN' : ''}`)
  await writeFile(join(folder, OUTPUT), `${lines.join('\n')}\n`)
  await command(['import', folder], { cwd: here.path, env: here.env })
})

async function output(...words: string[]): Promise<[code: number | null, lines: string[]]> {
  const { code, stdout } = await command(['output', 'printed', ...words], {
    cwd: here.path,
    env: here.env,
  })
  return [code, stdout.split('\n').slice(0, -1)]
}

test('all lines are printed in order, of any number of pages', async () => {
  const [code, lines] = await output()
  expect(code).toBe(0)
  expect(lines.filter((line) => line.startsWith('line '))).toHaveLength(LINES)
  expect(lines.at(-1)).toBe(`line ${LINES - 1}`)
})

test('the last lines, and those with a text, are printed oldest first', async () => {
  expect(await output('--last', '2')).toEqual([0, [`line ${LINES - 2}`, `line ${LINES - 1}`]])
  expect(await output('--search', 'nan')).toEqual([0, ['line 700 NaN']])
  expect(await output('--search', 'no line has this')).toEqual([1, []])
  const [, [json = '']] = await output('--search', 'nan', '--json')
  expect(JSON.parse(json)).toMatchObject({ ordinal: 700, level: 'info', text: 'line 700 NaN' })
})

test('an unknown level is refused with the known ones', async () => {
  const { code, stderr } = await command(['output', 'printed', '--level', 'loud'], {
    env: here.env,
  })
  expect(code).toBe(2)
  expect(stderr).toContain('info or warning or error or sample')
})
