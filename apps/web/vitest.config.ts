import { defineConfig, mergeConfig } from 'vitest/config'
import { FAST_START, PATIENT_POLLS, reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'
import pages from './vite.config.ts'

// A build loads the configuration of the pages three times, so it does not load Vitest.
export default mergeConfig(
  pages,
  defineConfig({
    test: {
      ...reportersFor('web'),
      projects: [
        { extends: true, test: { ...SIDE_BY_SIDE, name: 'unit', include: ['src/**/*.test.ts'] } },
        {
          test: {
            ...FAST_START,
            ...PATIENT_POLLS,
            name: 'e2e',
            include: ['e2e/**/*.test.ts'],
            globalSetup: ['../../packages/db/testServer.ts', 'e2e/setup.ts'],
            isolate: false,
            // Each file has a browser and a server; more of them would only wait for processors.
            maxWorkers: 2,
            sequence: { groupOrder: 1 },
            testTimeout: 60_000,
            hookTimeout: 60_000,
          },
        },
      ],
    },
  }),
)
