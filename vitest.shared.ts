import { availableParallelism } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Reporter, TestModule } from 'vitest/node'

/** The loader of the programs. Without it each process parses the large package.json of Drizzle 100 times. */
const LOADER = fileURLToPath(new URL('packages/db/src/loader.js', import.meta.url))
await import(pathToFileURL(LOADER).href)

/** The options of Node for the processes of tests. */
export const FAST_START = { execArgv: ['--import', LOADER] }

/** What a test waits for comes late on a busy machine (ms). */
export const PATIENT_POLLS = { expect: { poll: { timeout: 30_000 } } } as const

/**
 * One file more than there are processors runs at a time, since files also wait for processes and
 * databases. Files share processes, so that modules are loaded once; a file must undo what it changes
 * in its process.
 */
export const SIDE_BY_SIDE = {
  isolate: false,
  maxWorkers: availableParallelism() + 1,
  unstubEnvs: true,
  ...FAST_START,
  ...PATIENT_POLLS,
}

/** How many of the slowest files are named. */
const NAMED = 10
/** A file that takes less is not worth naming (ms). */
const SLOW = 1_000

/** Names the files that took longest, since a suite is as fast as what waits in it. */
const slowest: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const times = modules.map((file) => {
      const { setupDuration, collectDuration, duration } = file.diagnostic()
      return { file: file.relativeModuleId, took: setupDuration + collectDuration + duration }
    })
    const slow = times.filter(({ took }) => took > SLOW).sort((a, b) => b.took - a.took)
    const lines = slow.slice(0, NAMED).map(({ file, took }) => {
      return `  ${(took / 1_000).toFixed(1).padStart(6)} s  ${file}\n`
    })
    if (lines.length > 0) process.stdout.write(`Slowest test files:\n${lines.join('')}\n`)
  },
}

/**
 * Where a package's tests report to: the screen, and with BESTMARK_REPORTS (a folder) also a JSON
 * file there, from which the closing line of a whole run is summed.
 */
export function reportersFor(name: string): {
  reporters: (string | Reporter)[]
  outputFile?: { json: string }
} {
  const folder = process.env['BESTMARK_REPORTS']
  if (!folder) return { reporters: ['default', slowest] }
  const outputFile = { json: `${folder}/${name}.json` }
  return { reporters: ['default', 'json', slowest], outputFile }
}
