import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

/** It counts the calls of modules, so it loads them for itself. */
const COUNTS = 'src/selection/counts.test.ts'

// Databases are started, killed and started again; a busy machine takes its time.
const PATIENT = { testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    globalSetup: ['testServer.ts', 'testFiles.ts'],
    ...reportersFor('db'),
    projects: [
      {
        test: {
          ...PATIENT,
          ...SIDE_BY_SIDE,
          name: 'rules',
          include: ['src/**/*.test.ts'],
          exclude: [COUNTS],
        },
      },
      { test: { ...PATIENT, ...SIDE_BY_SIDE, isolate: true, name: 'counts', include: [COUNTS] } },
    ],
  },
})
