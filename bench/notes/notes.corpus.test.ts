import { expect, test } from 'vitest'
import { precisions } from './notes.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

/** It warns early of what may come, so that some of its warnings are heeded or not needed. */
const FORECAST = 'may_be_missed'

test.skipIf(!corpus)(
  `each note that a fact can judge is right on public runs${why}`,
  async () => {
    const { runs, found } = await precisions(corpus ?? '')
    expect(runs).toBeGreaterThan(100)
    const wrong = found.filter(({ code, wrong }) => code !== FORECAST && wrong.length > 0)
    expect(wrong).toEqual([])
    const forecast = found.find(({ code }) => code === FORECAST)
    expect(forecast?.right).toBeGreaterThan((forecast?.given ?? 0) / 2)
  },
  180_000,
)
