import { hasEnded } from '../status/states.ts'
import type { Alert, AlertBest } from './alert.ts'
import { type AlertFacts, isBefore, isOldRun, type JobNews, wasActive } from './news.ts'
import type { AlertKind, AlertRule } from './rule.ts'

/** An alert, and a key that is the same whenever the same fact is found again. */
export interface KeyedAlert {
  key: string
  alert: Alert
}

/** A fact with the time at which it happened (ms); null if unknown. */
interface Found extends KeyedAlert {
  at: number | null
}

/**
 * The alerts that a rule gives for what happened to a job. What happened before the rule was made
 * (`created_at`, ms), or before the job was put on the board, gives none, as far as times are known.
 */
export function alertsOf(
  rule: AlertRule & { created_at: number },
  project: string,
  news: JobNews,
): KeyedAlert[] {
  if (rule.project !== null && rule.project !== project) return []
  const since = Math.max(rule.created_at, news.registered_at)
  return rule.kinds
    .flatMap((kind) => FINDERS[kind](news, rule))
    .filter(({ at }) => isNews(at, since, news))
    .map(({ key, alert }) => ({ key, alert }))
}

/** If a job was never checked, only events with a time can be taken from its history. */
function isNews(at: number | null, since: number, { before }: JobNews): boolean {
  return at === null ? before !== null : !isBefore(at, since)
}

const FINDERS: Record<AlertKind, (news: JobNews, rule: AlertRule) => Found[]> = {
  new_best: newBest,
  no_improvement: noImprovement,
  nan: ({ nonFinite }) =>
    nonFinite.map(({ at, ...point }) => {
      const key = `nan ${point.attempt} ${point.metric}`
      return { key, at, alert: { kind: 'nan', ...point } }
    }),
  failed: ({ ends }) =>
    ends
      .filter(({ status }) => status === 'failed')
      .map(({ attempt, error, at }) => {
        return { key: `failed ${attempt}`, at, alert: { kind: 'failed', attempt, error } }
      }),
  lost,
  ended: (news) => [...loggedEnds(news), ...silentStop(news)],
  live_not_best: liveNotBest,
}

function newBest(news: JobNews): Found[] {
  const { before, after } = news
  const best = bestOf(after)
  if (!before || !best || isOldRun(news)) return []
  if (before.best_checkpoint_id === after.best_checkpoint_id) return []
  // A value is part of the key: a checkpoint may be the best again by another metric.
  const key = `new_best ${after.best_checkpoint_id} ${best.metric} ${best.value}`
  return [{ key, at: null, alert: { kind: 'new_best', best, previous: bestOf(before) } }]
}

function noImprovement(news: JobNews, { evaluations: n }: AlertRule): Found[] {
  const { before, after, best_evaluation } = news
  const evaluations = after.evaluations_without_improvement ?? 0
  const isCrossed = evaluations >= n && (before?.evaluations_without_improvement ?? 0) < n
  if (!isCrossed || !wasActive(news) || isOldRun(news)) return []
  const { attempt, step } = best_evaluation ?? { attempt: after.attempt, step: after.best_step }
  const alert: Alert = { kind: 'no_improvement', evaluations, best: bestOf(after) }
  return [{ key: `no_improvement ${n} ${attempt} ${step}`, at: null, alert }]
}

function lost({ before, after, last_logged_at }: JobNews): Found[] {
  const { attempt } = after
  if (after.status !== 'lost' || before?.status === 'lost') return []
  return [
    {
      key: `lost ${attempt} ${last_logged_at}`,
      at: last_logged_at,
      alert: { kind: 'lost', attempt },
    },
  ]
}

function loggedEnds({ ends, after }: JobNews): Found[] {
  return ends.flatMap(({ attempt, status, at }) => {
    if (status !== 'completed' && status !== 'stopped') return []
    const alert: Alert = { kind: 'ended', attempt, status, best: bestOf(after) }
    return [{ key: `${status} ${attempt}`, at, alert }]
  })
}

/** A job that was stopped without a logged end: its attempt is lost, so that it can come back. */
function silentStop({ before, after, ends, last_logged_at }: JobNews): Found[] {
  const { status, attempt } = after
  const isLogged = ends.some((end) => end.attempt === attempt)
  if (status !== 'stopped' || isLogged || (before && hasEnded(before.status))) return []
  const alert: Alert = { kind: 'ended', attempt, status, best: bestOf(after) }
  return [{ key: `stopped ${attempt} ${last_logged_at}`, at: last_logged_at, alert }]
}

function liveNotBest({ before, after, live }: JobNews): Found[] {
  const best = bestOf(after)
  if (!before || !best) return []
  return live.flatMap(({ deployment_id, checkpoint_id, model_name, step, ...shipped }) => {
    const wasUntilNow = before.best_checkpoint_id === checkpoint_id
    const isNewlyLive = shipped.at !== null && shipped.at > before.seen_at
    const isOvertaken = shipped.was_best && checkpoint_id !== after.best_checkpoint_id
    if (!isOvertaken || !(wasUntilNow || isNewlyLive)) return []
    const alert: Alert = { kind: 'live_not_best', model_name, live_step: step, best }
    return [{ key: `live_not_best ${deployment_id}`, at: null, alert }]
  })
}

function bestOf(facts: AlertFacts): AlertBest | null {
  if (facts.best_checkpoint_id === null) return null
  return { metric: facts.best_metric_name, value: facts.best_metric, step: facts.best_step }
}
