import { expect, test } from 'vitest'
import { alertsOf } from './alertsOf.ts'
import { ALERT_KINDS } from './alertWords.ts'
import type { AlertFacts, JobNews } from './news.ts'
import type { AlertRule } from './rule.ts'

const HOUR = 3_600_000
const REGISTERED = 100 * HOUR
const RULE = { project: null, kinds: [...ALERT_KINDS], evaluations: 3, created_at: 0 }

const FACTS: AlertFacts = {
  ...{ status: 'running', attempt: 0, best_checkpoint_id: null, best_step: null },
  ...{ best_metric: null, best_metric_name: null, evaluations_without_improvement: null },
}
const bestAt = (best_step: number, best_metric: number): Partial<AlertFacts> => ({
  ...{ best_checkpoint_id: `c${best_step}`, best_step, best_metric },
  best_metric_name: 'eval_loss',
})

/** A running job that was checked before, and what changed since. */
function news(
  before: Partial<AlertFacts> | null,
  after: Partial<AlertFacts> = {},
  more: Partial<JobNews> = {},
): JobNews {
  return {
    before: before && { ...FACTS, ...before, seen_at: REGISTERED + HOUR },
    after: { ...FACTS, ...after },
    ...{ registered_at: REGISTERED, updated_at: null, last_logged_at: null },
    ...{ ends: [], nonFinite: [], best_evaluation: null, live: [] },
    ...more,
  }
}

const found = (one: JobNews, rule: Partial<AlertRule & { created_at: number }> = {}) =>
  alertsOf({ ...RULE, ...rule }, 'char-lm', one).map(({ alert }) => alert)
const keys = (one: JobNews) => alertsOf(RULE, 'char-lm', one).map(({ key }) => key)
const kinds = (...args: Parameters<typeof found>) => found(...args).map(({ kind }) => kind)

test('another best checkpoint is a new best, with the previous one', () => {
  expect(found(news(bestAt(400, 0.431), bestAt(500, 0.412)))).toEqual([
    {
      kind: 'new_best',
      best: { metric: 'eval_loss', value: 0.412, step: 500 },
      previous: { metric: 'eval_loss', value: 0.431, step: 400 },
    },
  ])
  expect(found(news({}, bestAt(400, 0.431)))).toMatchObject([{ kind: 'new_best', previous: null }])
  expect(found(news(bestAt(400, 0.431), bestAt(400, 0.431)))).toEqual([])
  expect(found(news(bestAt(400, 0.431), {}))).toEqual([])
})

test('a job that was never checked has no new best, and one that ended long ago has no alert', () => {
  expect(found(news(null, bestAt(400, 0.4)))).toEqual([])
  const importing = { updated_at: REGISTERED - HOUR }
  expect(found(news({}, bestAt(400, 0.4), importing))).toEqual([])
  expect(kinds(news({}, bestAt(400, 0.4), { updated_at: REGISTERED - 1 }))).toEqual(['new_best'])
})

test('no improvement is reported when its count reaches the limit, once', () => {
  const streak = (evaluations_without_improvement: number | null) => ({
    ...bestAt(100, 1),
    evaluations_without_improvement,
  })
  const of = (before: number | null, after: number) => kinds(news(streak(before), streak(after)))
  expect(of(2, 3)).toEqual(['no_improvement'])
  expect(of(null, 7)).toEqual(['no_improvement'])
  expect(of(1, 2)).toEqual([])
  expect(of(3, 4)).toEqual([])
  const ended = news({ ...streak(2), status: 'completed' }, streak(3))
  expect(found(ended)).toEqual([])
  expect(found(news(null, streak(3)))).toEqual([])
})

test('the same streak has the same key, and a later one another', () => {
  const streakFrom = (step: number, count: number) => {
    const after = { ...bestAt(100, 1), evaluations_without_improvement: count }
    const more = { best_evaluation: { attempt: 0, step } }
    return alertsOf(RULE, '', news(bestAt(100, 1), after, more)).map(({ key }) => key)
  }
  expect(streakFrom(100, 3)).toEqual(streakFrom(100, 5))
  expect(streakFrom(100, 3)).not.toEqual(streakFrom(200, 3))
})

test('each metric and attempt gives one alert for its first value that is not finite', () => {
  const point = { metric: 'loss', attempt: 0, step: 310, value: NaN, at: null }
  const keys = (...points: (typeof point)[]) =>
    alertsOf(RULE, '', news({}, {}, { nonFinite: points })).map(({ key }) => key)
  expect(found(news({}, {}, { nonFinite: [point] }))).toMatchObject([
    { kind: 'nan', metric: 'loss', step: 310, value: NaN },
  ])
  expect(keys(point)).toEqual(keys({ ...point, step: 320, value: Infinity }))
  expect(
    new Set(keys(point, { ...point, attempt: 1 }, { ...point, metric: 'eval_loss' })).size,
  ).toBe(3)
})

test('each end is reported with its kind, also if the next attempt began meanwhile', () => {
  const end = { attempt: 0, error: 'CUDA out of memory', at: REGISTERED + HOUR }
  const ended = (status: 'completed' | 'failed' | 'stopped', after: Partial<AlertFacts> = {}) =>
    found(news({}, after, { ends: [{ ...end, status }] }))
  expect(ended('failed')).toEqual([{ kind: 'failed', attempt: 0, error: 'CUDA out of memory' }])
  expect(ended('completed', bestAt(5, 1))).toMatchObject([
    { kind: 'new_best' },
    { kind: 'ended', status: 'completed', best: { step: 5 } },
  ])
  expect(ended('stopped')).toMatchObject([{ kind: 'ended', status: 'stopped', best: null }])
})

test('a short run that failed before the first check is reported, an imported one is not', () => {
  const failed = (at: number | null) =>
    kinds(news(null, {}, { ends: [{ attempt: 0, status: 'failed', error: null, at }] }))
  expect(failed(REGISTERED + 1_000)).toEqual(['failed'])
  expect(failed(REGISTERED - HOUR)).toEqual([])
  expect(failed(null)).toEqual([])
})

test('what happened before the rule was made is not reported', () => {
  const failed = (at: number | null) => ({
    ends: [{ attempt: 0, status: 'failed' as const, error: null, at }],
  })
  const rule = { created_at: REGISTERED + 5 * HOUR }
  expect(kinds(news({}, {}, failed(REGISTERED + HOUR)), rule)).toEqual([])
  expect(kinds(news({}, {}, failed(REGISTERED + 6 * HOUR)), rule)).toEqual(['failed'])
  expect(kinds(news({}, {}, failed(null)), rule)).toEqual(['failed'])
})

test('a job becomes lost once per silence', () => {
  const at = (last_logged_at: number) => ({ last_logged_at })
  const lost = news({}, { status: 'lost' }, at(REGISTERED))
  expect(found(lost)).toEqual([{ kind: 'lost', attempt: 0 }])
  expect(found(news({ status: 'lost' }, { status: 'lost' }, at(REGISTERED)))).toEqual([])
  const keyOf = (last_logged_at: number) =>
    alertsOf(RULE, '', news({}, { status: 'lost' }, at(last_logged_at)))[0]?.key
  expect(keyOf(REGISTERED)).toBe(keyOf(REGISTERED))
  expect(keyOf(REGISTERED)).not.toBe(keyOf(REGISTERED + HOUR))
  expect(kinds(news(null, { status: 'lost' }, at(REGISTERED)))).toEqual(['lost'])
})

test('a run that was stopped because it is silent has ended, and a stop in its log counts once', () => {
  const silent = { last_logged_at: REGISTERED }
  expect(kinds(news({}, { status: 'stopped' }, silent))).toEqual(['ended'])
  expect(kinds(news({ status: 'stopped' }, { status: 'stopped' }, silent))).toEqual([])
  const logged = { attempt: 0, status: 'stopped' as const, error: null, at: REGISTERED }
  expect(kinds(news({}, { status: 'stopped' }, { ...silent, ends: [logged] }))).toEqual(['ended'])
  const next = news({}, { status: 'stopped', attempt: 1 }, { ...silent, ends: [logged] })
  expect(found(next)).toMatchObject([{ attempt: 0 }, { attempt: 1 }])
})

test('an alert has a key of its fact, which is stored and never changes', () => {
  const end = { attempt: 2, error: null, at: REGISTERED }
  const live = { deployment_id: 'd7', model_name: 'moby', checkpoint_id: 'c4', step: 4 }
  const best = bestAt(5, 0.4)
  const streak = { evaluations_without_improvement: 3, attempt: 1, best_step: 9 }
  const table: [JobNews, string][] = [
    [news({}, best), 'new_best c5 eval_loss 0.4'],
    [news({}, {}, { ends: [{ ...end, status: 'failed' }] }), 'failed 2'],
    [news({}, {}, { ends: [{ ...end, status: 'completed' }] }), 'completed 2'],
    [news({}, {}, { ends: [{ ...end, status: 'stopped' }] }), 'stopped 2'],
    [
      news({}, { status: 'stopped', attempt: 3 }, { last_logged_at: REGISTERED }),
      'stopped 3 360000000',
    ],
    [news({}, streak), 'no_improvement 3 1 9'],
    [
      news(bestAt(4, 1), best, { live: [{ ...live, was_best: true, at: null }] }),
      'live_not_best d7',
    ],
  ]
  for (const [one, key] of table) expect(keys(one)).toContain(key)
})

test('up to 10 minutes before the rule count as after it, since clocks differ', () => {
  const failed = (before: number) => {
    const end = { attempt: 0, status: 'failed' as const, error: null, at: REGISTERED - before }
    return kinds(news({}, {}, { ends: [end] }))
  }
  expect(failed(600_000)).toEqual(['failed'])
  expect(failed(600_001)).toEqual([])
})

test('a live model is reported when another checkpoint becomes the best', () => {
  const live = {
    ...{ deployment_id: 'd', model_name: 'moby', checkpoint_id: 'c400', step: 400 },
    ...{ was_best: true, at: REGISTERED },
  }
  const rule = { kinds: ['live_not_best' as const] }
  const overtaken = (before: Partial<AlertFacts>, shipped: Partial<typeof live> = {}) =>
    found(news(before, bestAt(500, 0.4), { live: [{ ...live, ...shipped }] }), rule)
  expect(overtaken(bestAt(400, 0.5))).toEqual([
    {
      ...{ kind: 'live_not_best', model_name: 'moby', live_step: 400 },
      best: { metric: 'eval_loss', value: 0.4, step: 500 },
    },
  ])
  expect(overtaken(bestAt(400, 0.5), { was_best: false })).toEqual([])
  expect(overtaken(bestAt(300, 0.6))).toEqual([])
  expect(overtaken(bestAt(300, 0.6), { at: REGISTERED + 2 * HOUR })).toHaveLength(1)
  const later = { at: REGISTERED + 2 * HOUR }
  expect(overtaken(bestAt(300, 0.6), { ...later, checkpoint_id: 'c500' })).toEqual([])
  expect(overtaken(bestAt(300, 0.6), { at: REGISTERED + HOUR })).toEqual([])
  const without = { live: [live] }
  expect(found(news(bestAt(400, 0.5), {}, without), rule)).toEqual([])
  expect(found(news(null, bestAt(500, 0.4), without), rule)).toEqual([])
})

test('a rule watches its own kinds, in its own project', () => {
  const better = news(bestAt(400, 0.431), bestAt(500, 0.412))
  expect(kinds(better, { project: 'char-lm' })).toEqual(['new_best'])
  expect(kinds(better, { project: 'asr' })).toEqual([])
  expect(kinds(better, { kinds: ['failed', 'lost'] })).toEqual([])
})
