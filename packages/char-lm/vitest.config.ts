import { defineConfig } from 'vitest/config'
import { reportersFor } from '../../vitest.shared.ts'

export default defineConfig({ test: { testTimeout: 60_000, ...reportersFor('char-lm') } })
