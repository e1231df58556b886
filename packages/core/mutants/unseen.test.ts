import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { differenceOf, parseUnseen, type Report, survivorsOf } from './unseen.ts'

const source = 'const a = 1\nconst b = (one &&\n  two)\n'
const report: Report = {
  files: {
    'src/a.ts': {
      source,
      mutants: [
        mutant('Survived', '2', [1, 11], [1, 12]),
        mutant('Killed', '3', [1, 11], [1, 12]),
        mutant('NoCoverage', 'one ||\n  two', [2, 12], [3, 6]),
      ],
    },
  },
}

function mutant(
  status: string,
  replacement: string,
  start: readonly [number, number],
  end: readonly [number, number],
) {
  const at = ([line, column]: readonly [number, number]) => ({ line, column })
  return { status, replacement, location: { start: at(start), end: at(end) } }
}

const first = { file: 'a.ts', from: '1', to: '2' }
const second = { file: 'a.ts', from: 'one && two', to: 'one || two' }

test('survivors are named by their code on one line, without the number of the line', () => {
  expect(survivorsOf(report)).toEqual([first, second])
})

test('a survivor that is not listed lacks a test; a listed one that is gone is outdated', () => {
  const gone = { file: 'a.ts', from: '1', to: '0', why: 'x' }
  const unseen = [{ ...second, why: 'x' }, gone]
  const difference = differenceOf(report, survivorsOf(report), unseen)
  expect(difference).toEqual({ untested: [first], outdated: [gone] })
})

test('the same change at two places of a file counts twice', () => {
  const unseen = [{ ...first, why: 'x' }]
  expect(differenceOf(report, [first, first], unseen).untested).toEqual([first])
})

test('files that a run left out are not compared', () => {
  const unseen = [{ file: 'b.ts', from: '1', to: '2', why: 'x' }]
  expect(differenceOf(report, [], unseen)).toEqual({ untested: [], outdated: [] })
})

test('a line with too few columns is refused with its number', () => {
  expect(() => parseUnseen('file\tfrom\tto\twhy\na.ts\t1\t2\n')).toThrow('Line 2')
})

test('the list of the repository can be read, and is sorted', () => {
  const unseen = parseUnseen(readFileSync(join(import.meta.dirname, 'unseen.tsv'), 'utf8'))
  const files = unseen.map(({ file, from, to }) => `${file} ${from} ${to}`)
  expect(files).toEqual(files.toSorted())
})
