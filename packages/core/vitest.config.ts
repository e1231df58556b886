import { defineConfig } from 'vitest/config'
import { reportersFor } from '../../vitest.shared.ts'

export default defineConfig({ test: { dir: 'src', isolate: false, ...reportersFor('core') } })
