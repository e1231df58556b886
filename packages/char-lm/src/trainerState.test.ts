import { expect, test } from 'vitest'
import { freshState, addEvaluation, readWrittenState, trainerStateJson } from './trainerState.ts'

const PLAN = { max_steps: 100, num_train_epochs: 3, save_steps: 10, train_batch_size: 4 }

function stateAfter(...losses: number[]) {
  const state = freshState(PLAN)
  for (const loss of losses) {
    state.global_step += 10
    addEvaluation(state, loss, `checkpoint-${state.global_step}`)
  }
  return state
}

test('the best is strictly the lowest, and the first of equals', () => {
  expect(stateAfter(3, 2, 2, 4)).toMatchObject({
    best_metric: 2,
    best_global_step: 20,
    best_model_checkpoint: 'checkpoint-20',
  })
})

test('a loss that is not finite is never the best; before the first finite loss there is no best', () => {
  expect(stateAfter(NaN, Infinity, -Infinity).best_model_checkpoint).toBeNull()
  expect(stateAfter(NaN, 3, NaN).best_global_step).toBe(20)
})

test('NaN is written without quotes, as Python writes it, and is read back', () => {
  const state = stateAfter(NaN, -Infinity, 2)
  const text = trainerStateJson(state)
  expect(text).toContain('"eval_loss": NaN')
  expect(text).toContain('"eval_loss": -Infinity')
  expect(readWrittenState(text)).toEqual(state)
})

test('the rows of the history hold the logged values, each with its step', () => {
  const state = stateAfter(2)
  state.log_history.push({ epoch: 1, grad_norm: 0.5, learning_rate: 1e-3, loss: 3, step: 11 })
  expect(readWrittenState(trainerStateJson(state)).log_history).toEqual([
    { epoch: 0, eval_loss: 2, step: 10 },
    { epoch: 1, grad_norm: 0.5, learning_rate: 1e-3, loss: 3, step: 11 },
  ])
})
