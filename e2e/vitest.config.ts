import { defineConfig } from 'vitest/config'
import { reportersFor } from '../vitest.shared.ts'

export default defineConfig({
  // Each file starts whole boards; two files at once would slow each other down on two cores.
  test: {
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    ...reportersFor('e2e'),
  },
})
