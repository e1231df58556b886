import { backtest, type BacktestRun, distinctPolicies } from '@bestmark/core'
import { render } from 'svelte/server'
import { expect, test } from 'vitest'
import BacktestResult from './BacktestResult.svelte'
import { choosing, ordered, regret } from './backtestWords.ts'

/** A run whose loss rises after the third evaluation while its F1 still improves. */
function aRun(name: string, group: string, values = [0.5, 0.6, 0.7, 0.75, 0.8]): BacktestRun {
  const evaluations = values.map((eval_f1, index) => {
    const eval_loss = 1 + Math.abs(index - 2)
    const step = 100 * (index + 1)
    return { attempt: 0, step, epoch: null, values: { eval_loss, eval_f1 }, origin: null }
  })
  const declaration = { metric: null, direction: null, declared_by: null }
  const rows = { declaration, claim: null, evaluations, checkpoints: [], save_steps: null }
  return { name, group, rows, context: {}, among: 'evaluations' }
}

const groups = ['one', 'two', 'three']
const runs = groups.map((group) => aRun(`<b>${group}`, group))

function shown(given: readonly BacktestRun[]): string {
  const result = backtest([...given], { target: 'eval_f1' })
  return render(BacktestResult, { props: { backtest: result } }).body
}

test('each policy is listed with its figures, the lowest mean regret first', () => {
  const result = backtest(runs, { target: 'eval_f1' })
  const html = shown(runs)
  const rows = [...html.matchAll(/data-policy="([^"]+)".*?class="figure mean[^>]*>([^<]+)</gs)]
  expect(rows.map(([, policy, mean]) => [policy, mean])).toEqual(
    ordered(distinctPolicies(result)).map(({ policy, mean_regret }) => [
      policy,
      regret(mean_regret),
    ]),
  )
  for (const text of [result.text, result.scored.text]) expect(html).toContain(text)
})

test('each run is listed with the pick of every policy, and its name is never markup', () => {
  const html = shown(runs)
  expect(html).not.toContain('<b>one')
  const policies = distinctPolicies(backtest(runs, { target: 'eval_f1' }))
  const columns = html.slice(html.indexOf('id="replayed"')).match(/<th class="figure[^>]*>/g)
  expect(columns).toHaveLength(2 + choosing(policies).length)
})

test('a skipped run is listed with its reason, and without runs there is no table', () => {
  const html = shown([aRun('short', 'one', [0.5, 0.6])])
  expect(html).toContain('1 skipped, and why')
  expect(html).toMatch(/short.*\(one\).*: /s)
  expect(html).not.toContain('<table')
})
