import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

export default defineConfig({
  test: {
    ...SIDE_BY_SIDE,
    globalSetup: '../../packages/db/testServer.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    ...reportersFor('trainer'),
  },
})
