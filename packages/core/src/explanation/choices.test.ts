import { expect, test } from 'vitest'
import { evaluations } from '../selection/testing.ts'
import { decisiveMetrics } from './choices.ts'

test('metrics of a test set are offered only if nothing else was measured', () => {
  const both = evaluations([100, { eval_acc: 1, test_acc: 1, test_f1: 1 }])
  expect(decisiveMetrics(both)).toEqual(['eval_acc'])
  expect(decisiveMetrics(evaluations([100, { test_acc: 1, test_f1: 1 }]))).toEqual([
    'test_f1',
    'test_acc',
  ])
})
