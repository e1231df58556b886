import { expect, test } from 'vitest'
import { measurementsFromWords } from './values.ts'

const none = { stderr: [], samples: null, mode: undefined }

test('a standard error belongs to the metric that it names, or to the only metric', () => {
  const [named] = measurementsFromWords(['acc=0.5', 'f1=0.25'], { ...none, stderr: ['f1=0.125'] })
  expect(named?.values).toEqual({ acc: 0.5, f1: 0.25, f1_stderr: 0.125 })
  const [only] = measurementsFromWords(['mmlu/acc=0.5'], { ...none, stderr: ['0.25'] })
  expect(only?.values).toEqual({ 'mmlu/acc': 0.5, 'mmlu/acc_stderr': 0.25 })
})

test('numbers are read in the forms of people and programs', () => {
  const words = ['a=1', 'b=-.5', 'c=+2.', 'd=1E-3', 'e=NaN', 'f=-inf', 'g=Infinity', 'a=b=3']
  const [read] = measurementsFromWords(words, none)
  expect(read?.values).toEqual({
    ...{ a: 1, b: -0.5, c: 2, d: 0.001, e: NaN, f: -Infinity, g: Infinity },
    'a=b': 3,
  })
})

test('the error names the wrong word', () => {
  const vectors: [words: string[], stderr: string[], message: string][] = [
    [[], [], 'such as eval_f1=0.9'],
    [['acc'], [], '"acc" is not a score'],
    [['=1'], [], '"=1" is not a score'],
    [['acc='], [], 'acc must be a number, nan or inf; got ""'],
    [['acc=0x10'], [], 'acc must be a number, nan or inf; got "0x10"'],
    [['acc=1e999'], [], 'acc must be a number, nan or inf; got "1e999"'],
    [['acc=1', 'acc=2'], [], 'acc was given twice'],
    [['acc=1', 'f1=1'], ['0.1'], 'the metric is missing. Write METRIC=NUMBER with one of acc, f1'],
    [['acc=1'], ['f1=0.1'], 'there is no score of "f1". Write METRIC=NUMBER with one of acc'],
    [['acc=1'], ['-1'], '--stderr of acc must be 0 or more'],
    [['acc=1'], ['inf'], '--stderr of acc must be 0 or more'],
  ]
  for (const [words, stderr, message] of vectors) {
    expect(() => measurementsFromWords(words, { ...none, stderr })).toThrow(message)
  }
})
