import { defineConfig } from 'vitest/config'
import { reportersFor, SIDE_BY_SIDE } from '../../vitest.shared.ts'

/** The rooms that need no database and no process, for while one writes. */
const ROOMS = ['checkpoints', 'cli', 'files', 'journal', 'sources']

export default defineConfig({
  test: {
    include: ROOMS.map((room) => `src/${room}/**/*.test.ts`),
    // Real programs, public runs and hostile files take minutes; a terminal is a process.
    exclude: ['**/*.corpus.test.ts', '**/*{programs,hostile,nastyFiles,terminal,unlisted}.test.ts'],
    ...SIDE_BY_SIDE,
    testTimeout: 60_000,
    ...reportersFor('trainer-quick'),
  },
})
