import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'

/**
 * What changed for the agent of a host: a `job` that it may have to record, stop or leave; an `order`
 * to ship or to check; a `prompt` for a model to go on with; `files` of checkpoints; or a `run` to start.
 */
type HostNewsKind = 'job' | 'order' | 'prompt' | 'files' | 'run'

export interface HostNews {
  kind: HostNewsKind
  job_id: string
}

/** What a transaction tells listeners when it commits. */
export interface Notice {
  channel: string
  payload: string
}

/** A notice for the processes of a host. */
export function noticeToHost(host_id: string, { kind, job_id }: HostNews): Notice {
  return { channel: channelOf(host_id), payload: `${kind} ${job_id}` }
}

/** Tells the processes of a host when the transaction commits; to be selected in a write. */
export function announceToHost(host_id: string, news: HostNews): SQL {
  const { channel, payload } = noticeToHost(host_id, news)
  return sql`pg_notify(${channel}, ${payload})`
}

/**
 * Calls `heard` for each news of a host, and with undefined each time when some may have been missed:
 * at the beginning, and after the connection broke. Resolves once no later news can be missed.
 */
export async function listenToHost(
  { listen }: Database,
  host_id: string,
  heard: (news: HostNews | undefined) => void,
): Promise<void> {
  await listen(channelOf(host_id), {
    heard: (payload) => {
      const [kind, job_id = ''] = payload.split(' ')
      // Only `announceToHost` notifies this channel.
      heard({ kind: kind as HostNewsKind, job_id })
    },
    listening: () => heard(undefined),
  })
}

/** A channel per host, so that the processes of other hosts receive nothing. */
function channelOf(host_id: string): string {
  return `bestmark_host_${host_id}`
}
