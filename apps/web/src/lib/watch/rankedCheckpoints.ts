import { api, type CheckpointList } from '../api.ts'
import { RANKED } from './snapshot.ts'

/** Checkpoints of a later page. */
const MORE = 1_000

/** The checkpoints of a job by rank: the first page, then further ones until at least `most` are read. */
export async function readRanked(job_id: string, most: number): Promise<CheckpointList> {
  let list = await api.checkpoints.list.query({ job_id, ...RANKED })
  while (list.next_cursor !== null && list.checkpoints.length < most) {
    const { next_cursor: cursor, checkpoints } = list
    const limit = Math.min(MORE, most - checkpoints.length)
    const page = await api.checkpoints.list.query({ job_id, order: 'rank', cursor, limit })
    const ids = new Set(checkpoints.map(({ checkpoint_id }) => checkpoint_id))
    // The ranks may have changed between two pages.
    const further = page.checkpoints.filter(({ checkpoint_id }) => !ids.has(checkpoint_id))
    const { next_cursor } = page
    list = { ...list, next_cursor, checkpoints: [...checkpoints, ...further] }
  }
  return list
}
