import { defineConfig } from 'vitest/config'
import { reportersFor } from '../../vitest.shared.ts'

export default defineConfig({
  // Databases are started, killed and started again; a busy machine takes its time.
  test: {
    globalSetup: 'testServer.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reportersFor('db'),
  },
})
