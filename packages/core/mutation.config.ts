import { defineConfig } from 'vitest/config'

/**
 * The mutated copy is in another folder and cannot find the configuration that the packages share.
 */
export default defineConfig({
  test: { isolate: false, reporters: ['default'], testTimeout: 60_000 },
})
