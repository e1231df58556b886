import { defineConfig } from 'vitest/config'
import { FAST_START, reportersFor } from '../vitest.shared.ts'

export default defineConfig({
  test: {
    ...FAST_START,
    globalSetup: '../packages/db/testServer.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reportersFor('examples'),
  },
})
