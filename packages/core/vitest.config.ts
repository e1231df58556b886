import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

export default defineConfig({
  // Many cases of one rule take a busy machine its time.
  test: {
    include: ['{src,mutants}/**/*.test.ts'],
    testTimeout: 60_000,
    ...SIDE_BY_SIDE,
    ...reportersFor('core'),
  },
})
