import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

export default defineConfig({
  test: { ...SIDE_BY_SIDE, testTimeout: 60_000, ...reportersFor('char-lm') },
})
