import { defineConfig } from 'vitest/config'
import { reportersFor } from '../../vitest.shared.ts'

export default defineConfig({
  test: {
    globalSetup: '../db/testServer.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reportersFor('api'),
  },
})
