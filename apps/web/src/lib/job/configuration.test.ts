import { expect, test } from 'vitest'
import { environmentLines, factLine, matching, optionTexts } from './configuration.ts'

const config = {
  lr: 0.0003,
  seed: 12345,
  model: { layers: 2, heads: [1, 2] },
  text: 'a',
  none: null,
}

test('options are listed as paths, sorted by name', () => {
  expect(optionTexts(config).map(({ name, text }) => `${name}=${text}`)).toEqual([
    'lr=3e−4',
    'model.heads=[1,2]',
    'model.layers=2',
    'none=null',
    'seed=12345',
    'text=a',
  ])
})

test('an environment begins with the command and the commit, and ends with packages', () => {
  const environment = {
    packages: { torch: '2.9.0' },
    python: '3.12.3',
    zone: 'b',
    host: 'tower',
    gpus: ['A100', 'A100'],
    git_dirty: true,
    git_commit: 'abc',
    command: 'python train.py',
  }
  const lines = environmentLines(environment).map(({ label, text }) => `${label}: ${text}`)
  expect(lines).toEqual([
    'command line: python train.py',
    'git commit: abc',
    'uncommitted changes: yes: the code differs from the commit',
    'host: tower',
    'GPUs: A100, A100',
    'Python: 3.12.3',
    'torch: 2.9.0',
    'zone: b',
  ])
})

test('a filter finds a part of a name or a value, in any letter case', () => {
  const lines = optionTexts(config).map(factLine)
  const found = (text: string) => matching(lines, text).map(({ name }) => name)
  expect(found(' LAYERS ')).toEqual(['model.layers'])
  expect(found('12345')).toEqual(['seed'])
  expect(found('')).toHaveLength(6)
})
