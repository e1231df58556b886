import { defineConfig } from 'vitest/config'
import { FAST_START, reportersFor } from '../vitest.shared.ts'

export default defineConfig({
  test: { ...FAST_START, testTimeout: 60_000, hookTimeout: 60_000, ...reportersFor('bench') },
})
