import { defineConfig } from 'vitest/config'
import { FAST_START, reportersFor } from '../vitest.shared.ts'

export default defineConfig({
  // Each file starts whole boards; two files at once would slow each other down on two cores.
  test: {
    ...FAST_START,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    ...reportersFor('e2e'),
  },
})
