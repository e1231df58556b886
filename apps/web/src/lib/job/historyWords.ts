import { endCauseText } from '@bestmark/core'
import type { HistoryEntry } from '../api.ts'
import { checkpointName } from '../checkpoint/ranking.ts'
import { deploymentWords } from '../deploy/deployment.ts'
import { count, measure } from '../figures.ts'
import { policyWords } from '../policy/policyWords.ts'

/** An entry of a job's history as a page shows it. */
export interface HistoryLine {
  at: number | null
  what: string
  /** The reason; empty if there is none. */
  why: string
  /** A person or an agent; empty if the entry names none. */
  by: string
}

/** An entry in words. */
export function historyLine(entry: HistoryEntry): HistoryLine {
  return { at: entry.at, why: '', by: '', ...wordsOf(entry) }
}

function wordsOf(entry: HistoryEntry): { what: string; why?: string; by?: string } {
  switch (entry.kind) {
    case 'registered':
      return { what: 'Added to the board' }
    case 'stop_requested':
      return { what: 'Stop requested' }
    case 'started':
      return { what: startWords(entry) }
    case 'ended':
      return { what: endWords(entry), why: endReason(entry) }
    case 'policy':
      return policyChangeWords(entry)
    case 'scored':
      return { what: `Scored step ${count(entry.step)}: ${valueWords(entry)}`, by: entry.by }
    case 'shipped':
      return shipmentWords(entry)
  }
}

function startWords({ attempt, resumed_from }: HistoryEntry & { kind: 'started' }): string {
  const nth = attempt > 0 ? ` (attempt ${count(attempt + 1)})` : ''
  if (resumed_from !== null) return `Resumed from step ${count(resumed_from)}${nth}`
  return attempt > 0 ? `Started again${nth}` : 'Started'
}

function endWords({ attempt, status }: HistoryEntry & { kind: 'ended' }): string {
  const nth = attempt > 0 ? ` (attempt ${count(attempt + 1)})` : ''
  return `Ended: ${status ?? 'no reason was logged'}${nth}`
}

function endReason({ error, end_cause }: HistoryEntry & { kind: 'ended' }): string {
  return [end_cause && endCauseText(end_cause), error].filter(Boolean).join(' ')
}

function policyChangeWords({ change }: HistoryEntry & { kind: 'policy' }) {
  const { policy, options, scope, project, by } = change
  const whose = scope === 'job' ? 'for this job' : `for ${project || 'jobs without a project'}`
  return { what: `Policy ${whose}: ${policyWords(policy, options, scope)}`, by }
}

function valueWords({ values }: HistoryEntry & { kind: 'scored' }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${measure(value)}`)
    .join(', ')
}

function shipmentWords({ deployment }: HistoryEntry & { kind: 'shipped' }) {
  const { model_name, reason } = deployment
  const what = `Ship ${checkpointName(deployment)} to models/${model_name}`
  return { what: `${what}: ${deploymentWords(deployment)}`, why: reason }
}
