import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { publicFiles } from '../../testing.ts'
import { readRun } from '../readRun.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

test.skipIf(!corpus)(
  `every evaluated number of every public run is on the line of its origin${why}`,
  async () => {
    let seen = 0
    for (const file of await publicFiles(corpus ?? '', 'trainer_state')) {
      const text = (await readFile(file, 'utf8')).split('\n')
      const { root, events } = await readRun(file)
      expect(root).toBe(dirname(file))
      for (const event of events) {
        if (event.type !== 'evaluation' && event.type !== 'claim') continue
        expect(event.origin?.file).toBe(basename(file))
        const numbers =
          event.type === 'claim'
            ? [['best_metric', event.value, event.origin?.line] as const]
            : Object.entries(event.values).map(([name, value]) => {
                return [name, value, event.lines[name]] as const
              })
        for (const [name, value, line] of numbers) {
          expect([join(root, name), line]).toEqual([join(root, name), expect.any(Number)])
          const [, written] = (text[(line ?? 0) - 1] ?? '').split(`"${name}": `)
          const word = written?.replace(/,\s*$/, '')
          expect(word === 'null' ? null : Number(word)).toBe(value)
          seen++
        }
      }
    }
    expect(seen).toBeGreaterThan(0)
  },
)
