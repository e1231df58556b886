import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Backtest, parsePythonJson } from '@bestmark/core'
import { expect, test } from 'vitest'
import { command } from '../testing.ts'

const corpus = process.env['BESTMARK_CORPUS']
const why = corpus ? '' : ' (skipped: BESTMARK_CORPUS names no folder of public runs)'

interface Row {
  step: number
  eval_loss?: number
  eval_accuracy?: number
}

/** The regret in accuracy of the last and of the lowest loss, computed from the file alone. */
async function regrets(file: string): Promise<{ last: number; lowest: number }> {
  const { log_history } = parsePythonJson(await readFile(file, 'utf8')) as { log_history: Row[] }
  const rows = log_history.filter((row) => row.eval_accuracy !== undefined)
  const steps = [...new Map([...rows].reverse().map((row) => [row.step, row])).values()]
  steps.sort((a, b) => a.step - b.step)
  const best = Math.max(...steps.map((row) => row.eval_accuracy!))
  const worst = Math.min(...steps.map((row) => row.eval_accuracy!))
  const regret = (row: Row) => (best - row.eval_accuracy!) / (best - worst)
  const lowest = Math.min(...steps.map((row) => row.eval_loss!))
  return {
    last: regret(steps.at(-1)!),
    lowest: regret(steps.find((row) => row.eval_loss === lowest)!),
  }
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

test.skipIf(!corpus)(`baselines of public runs equal values from their files${why}`, async () => {
  const folder = join(corpus ?? '', 'trainer_state')
  const words = ['backtest', folder, '--target', 'accuracy', '--json']
  const answer = Backtest.parse(JSON.parse((await command(words)).stdout))
  expect(answer.runs).toBeGreaterThan(0)
  const expected = []
  for (const { name, picks } of answer.replayed) {
    const ofFile = await regrets(join(folder, name, 'trainer_state.json'))
    expected.push(ofFile)
    const regretOf = (policy: string) => picks.find((pick) => pick.policy === policy)!.regret
    expect(regretOf('last')).toBeCloseTo(ofFile.last, 12)
    expect(regretOf('lowest eval_loss')).toBeCloseTo(ofFile.lowest, 12)
  }
  const figures = (policy: string) => answer.policies.find((one) => one.policy === policy)!
  expect(figures('last').mean_regret).toBeCloseTo(mean(expected.map(({ last }) => last)), 12)
  const lowest = mean(expected.map(({ lowest }) => lowest))
  expect(figures('lowest eval_loss').mean_regret).toBeCloseTo(lowest, 12)
  expect(new Set(answer.replayed.map(({ group }) => group)).size).toBe(answer.groups)
})
