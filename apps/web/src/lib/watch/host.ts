import type { JobDetail } from '../api.ts'
import { duration } from '../times.ts'

/** An agent that is silent for this long (ms) counts as away. */
const AWAY = 60_000

/**
 * A text about the host that holds a job's files if its agent is away or missing, else null.
 * `read_at` is when the detail was read (ms).
 */
export function hostWords(
  { host_seen_at, files_unchecked }: Pick<JobDetail, 'host_seen_at' | 'files_unchecked'>,
  host: string,
  read_at: number,
): string | null {
  if (files_unchecked === 'no_agent') {
    return `The files are not checked: ${host} only sends its journal, so no agent sees them. To ship a checkpoint, import the folder on a machine with an agent.`
  }
  if (host_seen_at === null) {
    return `No agent runs on ${host}. Start one there to ship a checkpoint.`
  }
  const silent = read_at - host_seen_at
  if (silent < AWAY) return null
  return `The agent on ${host} was last seen ${duration(silent / 1000)} ago. File states are from then, and shipping waits until it is back.`
}
