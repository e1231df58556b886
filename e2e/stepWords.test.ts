import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './board.ts'

/** A step in a sentence that is printed as it is: "step 1600". */
const PLAIN_STEP = /\b[Ss]teps? \$?\{(?!grouped\(|count\(|listedWords\()[^}\n]+\}/g

const EXCEPTIONS = [
  // Two steps that are compared in words, and so were formatted before.
  'apps/web/src/lib/metrics/metricText.ts: step ${first}',
  // Printed for a script in the place of a path.
  'apps/trainer/src/commands/pick/pick.ts: step ${best.step}',
  // A word as a person typed it.
  'apps/trainer/src/commands/eval/candidates.ts: step ${word}',
]

test('a step in a sentence has its commas everywhere', async () => {
  const found: string[] = []
  for (const folder of ['packages/{core,db,api}/src', 'apps/*/src']) {
    for await (const path of glob(`${folder}/**/*.{ts,svelte}`, { cwd: ROOT })) {
      if (/test\.ts$|[tT]esting\.ts$/.test(path)) continue
      const text = await readFile(join(ROOT, path), 'utf8')
      found.push(...(text.match(PLAIN_STEP) ?? []).map((one) => `${path}: ${one}`))
    }
  }
  expect(found.filter((one) => !EXCEPTIONS.includes(one))).toEqual([])
})
