import { error } from '@sveltejs/kit'
import type { SeriesName } from '../api.ts'
import { isId } from '../id.ts'
import { POINTS, RANKED, type JobSnapshot } from '../watch/snapshot.ts'

/** Reads all that the pages of a job show; `choose` selects the series. 404 if there is no job. */
export async function readJob(
  api: App.Locals['api'],
  job_id: string,
  choose: (names: SeriesName[], deciding: string | null) => string[],
): Promise<JobSnapshot> {
  if (!isId(job_id)) error(404, `There is no job ${job_id} on this board.`)
  const [detail, names, decided, ledger] = await Promise.all([
    api.jobs.detail({ job_id }),
    api.series.names({ job_id }),
    api.checkpoints.list({ job_id, ...RANKED }),
    api.deployments.list({ job_id }),
  ])
  const shown = choose(names, decided.selection.metric)
  const query = { job_id, names: shown, points: POINTS }
  const series = shown.length > 0 ? await api.series.read(query) : []
  const { deployments } = ledger
  return {
    detail,
    read_at: Date.now(),
    names,
    series,
    decided,
    deployments,
  }
}
