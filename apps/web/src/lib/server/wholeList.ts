import type { CheckpointList } from '../api.ts'

/** The most checkpoints of one page. */
const limit = 1_000

/** All checkpoints of a job by step, with the whole decision. */
export async function wholeList(api: App.Locals['api'], job_id: string): Promise<CheckpointList> {
  let list = await api.checkpoints.list({ job_id, limit })
  while (list.next_cursor !== null) {
    const page = await api.checkpoints.list({ job_id, limit, cursor: list.next_cursor })
    const { next_cursor } = page
    list = { ...list, next_cursor, checkpoints: [...list.checkpoints, ...page.checkpoints] }
  }
  const { selection, explanation } = await api.checkpoints.explain({ job_id })
  return { ...list, selection, explanation }
}
