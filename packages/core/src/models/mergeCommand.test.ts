import { expect, test } from 'vitest'
import { mergeAdapter, mergeShards } from './mergeCommand.ts'

test('an adapter is merged by the class of its task, into a folder beside it', () => {
  expect(mergeAdapter('/runs/a/', 'SEQ_CLS')).toBe(
    "python -c 'import sys; from peft import AutoPeftModelForSequenceClassification as Model; " +
      "Model.from_pretrained(sys.argv[1]).merge_and_unload().save_pretrained(sys.argv[2])' " +
      '/runs/a/ /runs/a-merged',
  )
})

test('without a known task there is no command', () => {
  expect([null, 'SOMETHING', 'constructor'].map((task) => mergeAdapter('/runs/a', task))).toEqual([
    ...[null, null, null],
  ])
})

test('shards are merged by the program that wrote them', () => {
  expect(mergeShards('/runs/a//', 'zero')).toBe(
    'python /runs/a///zero_to_fp32.py /runs/a// /runs/a-merged',
  )
  expect(mergeShards('/runs/a', 'distributed')).toBe(
    'python -m torch.distributed.checkpoint.format_utils dcp_to_torch /runs/a /runs/a-merged.pt',
  )
  expect(mergeShards('/runs/a', null)).toBeNull()
})
