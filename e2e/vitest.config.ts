import { defineConfig } from 'vitest/config'
import { reportersFor } from '../vitest.shared.ts'

export default defineConfig({
  // Each file starts whole boards; two at a time would measure each other on two cores.
  test: {
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    ...reportersFor('e2e'),
  },
})
