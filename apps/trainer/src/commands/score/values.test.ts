import { expect, test } from 'vitest'
import { countOf, toldMeasurements } from './values.ts'

const untold = { stderr: [], samples: null, mode: undefined }

test('a standard error belongs to the metric it names, or to the only one', () => {
  const [named] = toldMeasurements(['acc=0.5', 'f1=0.25'], { ...untold, stderr: ['f1=0.125'] })
  expect(named?.values).toEqual({ acc: 0.5, f1: 0.25, f1_stderr: 0.125 })
  const [only] = toldMeasurements(['mmlu/acc=0.5'], { ...untold, stderr: ['0.25'] })
  expect(only?.values).toEqual({ 'mmlu/acc': 0.5, 'mmlu/acc_stderr': 0.25 })
})

test('numbers are read as people and programs write them', () => {
  const words = ['a=1', 'b=-.5', 'c=+2.', 'd=1E-3', 'e=NaN', 'f=-inf', 'g=Infinity', 'a=b=3']
  const [read] = toldMeasurements(words, untold)
  expect(read?.values).toEqual({
    ...{ a: 1, b: -0.5, c: 2, d: 0.001, e: NaN, f: -Infinity, g: Infinity },
    'a=b': 3,
  })
})

test('a word that does not fit is named', () => {
  const vectors: [words: string[], stderr: string[], told: string][] = [
    [[], [], 'as in eval_f1=0.9'],
    [['acc'], [], '"acc" is no value'],
    [['=1'], [], '"=1" is no value'],
    [['acc='], [], 'acc is given as ""'],
    [['acc=0x10'], [], 'acc is given as "0x10"'],
    [['acc=1e999'], [], 'acc is given as "1e999"'],
    [['acc=1', 'acc=2'], [], 'acc was given twice'],
    [['acc=1', 'f1=1'], ['0.1'], 'of which value it is; name one of acc, f1'],
    [['acc=1'], ['f1=0.1'], '"f1", which was not given; name one of acc'],
    [['acc=1'], ['-1'], 'a number from 0 up'],
    [['acc=1'], ['inf'], 'a number from 0 up'],
  ]
  for (const [words, stderr, told] of vectors) {
    expect(() => toldMeasurements(words, { ...untold, stderr })).toThrow(told)
  }
  for (const text of ['0', '-1', '1.5', '', '1e3', '9'.repeat(20)]) {
    expect(() => countOf(text, '--samples')).toThrow('--samples takes a whole number from 1 up')
  }
  expect(countOf('100', '--samples')).toBe(100)
})
