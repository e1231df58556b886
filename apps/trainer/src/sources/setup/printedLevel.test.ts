import { expect, test } from 'vitest'
import { printedLevel } from './printedLevel.ts'

/** Lines as the programs write them. */
const PRINTED = {
  error: [
    'Traceback (most recent call last):',
    '[rank3]: Traceback (most recent call last):',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
    '[rank0]: RuntimeError: NCCL error',
    'KeyboardInterrupt',
    'ERROR:root:no such file',
    '2026-11-26 22:10:01,123 - trainer - ERROR - disk full',
    '2026-11-26 22:10:01.123 | CRITICAL | __main__:main:12 - stopped',
    '[2026-11-26 22:10:01,123][__main__][ERROR] - no data',
    'E1126 22:10:01.123456   77 cuda_dnn.cc:8579] Unable to register cuDNN factory',
    'ts=2026-11-26T22:10:01Z level=error msg="no route"',
    '{"time": "2026-11-26", "level": "error", "msg": "no route"}',
  ],
  warning: [
    'WARNING:tensorflow:AutoGraph could not transform',
    '[WARNING|trainer.py:2241] 2026-11-26 22:10:01,123 >> use_cache=True is incompatible',
    'WARNING 11-26 22:10:01 [config.py:12] Casting to bfloat16',
    '[22:10:01] WARNING  The loss is high                              train.py:12',
    '/opt/venv/lib/python3.12/site-packages/torch/optim/lr_scheduler.py:227: UserWarning: Detected call',
    'W1126 22:10:01.123456   77 warnings.py:109] too old',
    '[W1126 22:10:01.123456 ProcessGroupNCCL.cpp:1250] Warning: leak',
    '[W Utils.cpp:164] Warning: no backend',
  ],
  info: [
    'step 100 | loss 2.31 | error 0.12',
    'WER 0.12, errors: 12',
    'ERROR rate 0.12',
    'INFO:root:ERROR rate is 0.12',
    '2026-11-26 22:10:01,123 - trainer - INFO - no WARNING was given',
    'eval_error: 0.3',
    '  warnings.warn(',
    "{'eval_loss': 2.3, 'level': 3}",
    'Warning-free since 2020',
    '',
  ],
} as const

test('the level of a printed line is what a logging library, Python or C++ wrote at its position', () => {
  for (const [level, lines] of Object.entries(PRINTED)) {
    for (const line of lines) expect([printedLevel(line), line]).toEqual([level, line])
  }
})
