import { expect, test } from 'vitest'
import { gpuValues } from './usageSampler.ts'

test('each GPU has the load and memory that nvidia-smi prints', () => {
  expect(gpuValues('0, 93, 40960\n1, [N/A], 512\n')).toEqual({
    'system/gpu0_percent': 93,
    'system/gpu0_memory_gib': 40,
    'system/gpu1_memory_gib': 0.5,
  })
})
