import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

export default defineConfig({
  test: { dir: 'src', ...SIDE_BY_SIDE, ...reportersFor('core') },
})
