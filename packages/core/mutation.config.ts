import { defineConfig } from 'vitest/config'

/** The mutated copy lies elsewhere and does not reach the configuration that the packages share. */
export default defineConfig({
  test: { isolate: false, reporters: ['default'], testTimeout: 60_000 },
})
