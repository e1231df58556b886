import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.ts'
import { failureTextIn, lastErrorIn } from './failureText.ts'
import { ERRORS, OUTPUT } from './runOutput.ts'

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

const traceback = (error: string, prefix = '', head = '') =>
  ['', 'Traceback (most recent call last):', '  File "a.py", line 3', '    main()', error]
    .map((line, index) => (index === 0 ? head : `${prefix}${line}`))
    .join('\n')

test.each([
  ['of a rank', traceback('ValueError: bad', '[rank0]: ')],
  [
    'before the report of torchrun',
    `${traceback('ValueError: bad', '[rank1]: ')}\n${traceback('torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ')}\n=====\ntrain.py FAILED\n`,
  ],
  [
    'of a data worker',
    `${traceback('RuntimeError: Caught ValueError in DataLoader worker process 0.')}\nOriginal Traceback (most recent call last):\n  File "d.py", line 1\nValueError: bad\n`,
  ],
  [
    'in a box',
    '╭──── Traceback (most recent call last) ────╮\n│ a.py:3 in <module> │\n╰───────╯\nValueError: bad\n',
  ],
  [
    'before an error that Python ignores',
    `${traceback('ValueError: bad')}\n${traceback("AttributeError: 'NoneType'", '', 'Exception ignored in: <function f>')}`,
  ],
])('the error is found in a traceback %s', (_, output) => {
  expect(failureTextIn(output)).toBe('ValueError: bad')
})

test('the last error of a program is its traceback, if nothing but a bar follows in this start', async () => {
  await using folder = await temporaryFolder()
  const errorAfter = async (errors: string, output = '') => {
    await writeFile(join(folder.path, ERRORS), errors)
    await writeFile(join(folder.path, OUTPUT), output)
    return lastErrorIn(folder.path)
  }
  const failed = traceback('ValueError: bad')
  const bar = '\r 50%|#####     | 10/20 [00:01<00:01, 9.9it/s]'
  const mark = 'bestmark run: 2026-01-02T03:04:00.000Z started: x\n'
  expect(await errorAfter(`${failed}\n${bar}`)).toBe('ValueError: bad')
  expect(await errorAfter('', `${mark}${failed}\n`)).toBe('ValueError: bad')
  expect(await errorAfter(`${failed}\nThe batch is skipped.\n`)).toBeUndefined()
  expect(await errorAfter(`${mark}${failed}\n${mark}`)).toBeUndefined()
  expect(lastErrorIn(join(folder.path, 'none'))).toBeUndefined()
})
