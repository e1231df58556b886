import { expect, test } from 'vitest'
import { failureTextIn } from './failureText.ts'

const TRACEBACK = `Epoch 1
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
ValueError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "train.py", line 9, in <module>
    step()
RuntimeError: CUDA out of memory. Tried to allocate 2 GiB
`

test('the reason of a failure is the error line of the last traceback', () => {
  const error = 'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB'
  expect(failureTextIn(TRACEBACK)).toBe(error)
  expect(
    failureTextIn(`${TRACEBACK}wandb: done\n\r 50%|#####     | 10/20 [00:01<00:01, 9.9it/s]`),
  ).toBe(error)
})

test.each([
  '\r  0%|          | 0/20 [00:00<?, ?it/s]\r 50%|#####     | 10/20 [00:01<00:01, 10.00it/s]\n',
  '\u001b[1m12/40\u001b[0m \u001b[32m━━━━━━\u001b[0m 0s 12ms/step\n',
  'Epoch 3/5 [=====>....] - loss: 0.3\n',
])('a progress bar is never the reason of a failure', (bar) => {
  expect(failureTextIn(`the disk is full\n${bar}`)).toBe('the disk is full')
  expect(failureTextIn(bar)).toBe('')
})

test('without a traceback the reason is the last line', () => {
  expect(failureTextIn('one\nKilled\n\n')).toBe('Killed')
  expect(failureTextIn('')).toBe('')
})
