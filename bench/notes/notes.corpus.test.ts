import { expect, test } from 'vitest'
import { precisions } from './notes.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

/** This note is an early warning, so it may be wrong more often. */
const FORECAST = 'may_be_missed'

test.skipIf(!corpus)(
  `each note that a fact can check is right on public runs${why}`,
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
