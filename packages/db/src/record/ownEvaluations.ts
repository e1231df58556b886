import type { Database } from '../connection/client.ts'
import { type EvaluationRow, evaluationRows } from '../rows/evaluationRows.ts'

/** What a run itself measured, in order of arrival. Scores that were added later are left out. */
export async function ownEvaluations(db: Database, job_id: string): Promise<EvaluationRow[]> {
  const rows = (await evaluationRows(db.orm, [job_id])).get(job_id) ?? []
  return rows.filter(({ scored_by }) => scored_by === null)
}
