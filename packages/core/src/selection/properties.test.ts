import type { Checkpoint, Evaluation } from '../run/rows.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Measured } from '../measured.ts'
import { select } from './select.ts'
import type { Selection } from './selection.ts'
import { checkpoints, choose } from './testing.ts'

/** One evaluated and saved step; few values and steps, so that ties and repeats come often. */
interface Row {
  attempt: number
  step: number
  value: Measured
  isSaved: boolean
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -4, max: 4 }).map((whole) => whole / 2) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, null) },
)
const row: fc.Arbitrary<Row> = fc.record({
  attempt: fc.nat(1),
  step: fc.nat(15).map((tens) => 10 * tens),
  value,
  isSaved: fc.boolean(),
})
const run = fc.array(row, { maxLength: 30 })
const runOfDifferentSteps = fc.uniqueArray(row, {
  maxLength: 30,
  selector: ({ attempt, step }) => `${attempt}:${step}`,
})

function rowsOf(rows: readonly Row[], metric = 'eval_loss') {
  const evaluations = rows.map(({ attempt, step, value: measured }): Evaluation => ({
    ...{ attempt, step, epoch: null, origin: null },
    values: { [metric]: measured },
  }))
  const saved = rows.filter(({ isSaved }) => isSaved)
  const byKey = new Map(saved.map((one) => [`${one.attempt}:${one.step}`, one]))
  const files = checkpoints(
    ...[...byKey.values()].map(({ attempt, step }) => ({
      attempt,
      step,
      path: `${attempt}/${step}`,
    })),
  )
  return { evaluations, checkpoints: files }
}

function chosen(rows: readonly Row[]): Selection {
  return choose(rowsOf(rows))
}

const keyOf = (best: Selection['best']) => best && [best.attempt, best.step, best.value]

test('the order in which different steps arrive changes nothing', () => {
  const shuffled = runOfDifferentSteps.chain((rows) =>
    fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
  )
  fc.assert(
    fc.property(shuffled, ([rows, other]) => {
      expect(chosen(other)).toEqual(chosen(rows))
    }),
  )
})

test('an additional worse checkpoint never changes the best', () => {
  fc.assert(
    fc.property(run, fc.nat(1), fc.integer({ min: 1, max: 9 }), (rows, attempt, worse) => {
      const before = chosen(rows)
      fc.pre(before.best !== null)
      const added = { attempt, step: 995, value: before.best.value + worse, isSaved: true }
      expect(keyOf(chosen([...rows, added]).best)).toEqual(keyOf(before.best))
    }),
  )
})

test('without the best, the old runner-up is the best', () => {
  fc.assert(
    fc.property(run, (rows) => {
      const given = rowsOf(rows)
      const { best, runner_up } = choose(given)
      fc.pre(best !== null)
      const left = given.checkpoints.filter(({ path }) => path !== best.path)
      expect(keyOf(choose({ ...given, checkpoints: left }).best)).toEqual(keyOf(runner_up))
      const gone = given.checkpoints.map((one): Checkpoint =>
        one.path === best.path ? { ...one, files_state: 'missing' } : one,
      )
      expect(keyOf(choose({ ...given, checkpoints: gone }).best)).toEqual(keyOf(runner_up))
    }),
  )
})

test('scaling a metric by a positive number changes nothing but the figures', () => {
  // Powers of two, so that no value is rounded and no tie is made or broken.
  const factor = fc.integer({ min: -20, max: 20 }).map((power) => 2 ** power)
  fc.assert(
    fc.property(run, factor, (rows, by) => {
      const scaled = rows.map((one) => ({
        ...one,
        value: one.value === null ? null : one.value * by,
      }))
      const [plain, other] = [chosen(rows), chosen(scaled)]
      const steps = ({ ranking }: Selection) => ranking.map(({ attempt, step }) => [attempt, step])
      expect(steps(other)).toEqual(steps(plain))
      expect(other.margin).toBe(plain.margin === null ? null : plain.margin * by)
      const tied = ({ near_ties }: Selection) => near_ties?.candidates.map(({ step }) => step)
      expect(tied(other)).toEqual(tied(plain))
    }),
  )
})

test('a value that is not finite is never in the ranking, and always skipped with a reason', () => {
  fc.assert(
    fc.property(run, (rows) => {
      const { ranking, skipped } = chosen(rows)
      expect(ranking.every((one) => Number.isFinite(one.value))).toBe(true)
      expect(ranking.length + skipped.length).toBe(rowsOf(rows).checkpoints.length)
      expect(skipped.every(({ text }) => text.length > 0)).toBe(true)
    }),
  )
})

test('maximising a metric is minimising its negative', () => {
  fc.assert(
    fc.property(run, (rows) => {
      const negated = rows.map((one) => ({ ...one, value: one.value === null ? null : -one.value }))
      const options = { metric: 'eval_zorp' }
      const lowest = choose({
        ...rowsOf(rows, 'eval_zorp'),
        options: { ...options, direction: 'min' },
      })
      const highest = choose({
        ...rowsOf(negated, 'eval_zorp'),
        options: { ...options, direction: 'max' },
      })
      expect(highest.best?.step).toBe(lowest.best?.step)
      expect(highest.best?.attempt).toBe(lowest.best?.attempt)
    }),
  )
})

test('every policy picks a candidate, ranks each once, and puts its pick first', () => {
  const policies = fc.constantFrom(
    { policy: 'as_declared', options: {} },
    { policy: 'lowest_eval_loss', options: {} },
    { policy: 'metric', options: { metric: 'eval_loss' } },
    { policy: 'within_noise', options: { prefer: 'earliest' } },
    { policy: 'within_noise', options: { prefer: 'latest' } },
    { policy: 'scored', options: { coefficients: { eval_loss: 1, age: 0.5 } } },
  ) satisfies fc.Arbitrary<{ policy: string; options: object }>
  fc.assert(
    fc.property(run, policies, (rows, policy) => {
      const given = { ...rowsOf(rows), ...policy, claim: null }
      const declaration = { metric: null, direction: null, declared_by: null }
      const { best, ranking } = select({ ...given, declaration })
      const strict = chosen(rows)
      expect(ranking[0] ?? null).toEqual(best)
      const keys = ({ attempt, step }: { attempt: number; step: number }) => `${attempt}:${step}`
      expect(ranking.map(keys).toSorted()).toEqual(strict.ranking.map(keys).toSorted())
    }),
  )
})
