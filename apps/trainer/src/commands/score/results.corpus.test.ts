import { readFile } from 'node:fs/promises'
import { parsePythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { publicFiles } from '../../testing.ts'
import { measurementsIn } from './results.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

test.skipIf(!corpus)(
  `the evaluated numbers of every public results file are read with their lines, and no others${why}`,
  async () => {
    let seen = 0
    for (const file of await publicFiles(corpus ?? '', 'hf_results_json')) {
      const text = await readFile(file, 'utf8')
      const json = parsePythonJson(text) as Record<string, number>
      const evaluated = Object.keys(json).filter((name) => /^eval_(?!samples$)/.test(name))
      const found = measurementsIn(json, text)
      expect([file, found.flatMap(({ values }) => Object.keys(values))]).toEqual([file, evaluated])
      for (const { values, samples, lines } of found) {
        expect(samples).toBe(json['eval_samples'] ?? null)
        for (const [name, value] of Object.entries(values)) {
          expect(value).toBe(json[name])
          expect(text.split('\n')[(lines[name] ?? 0) - 1]).toContain(`"${name}": `)
          seen++
        }
      }
    }
    expect(seen).toBeGreaterThan(0)
  },
)
