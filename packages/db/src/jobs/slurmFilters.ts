import { hasHost, type SlurmSearch } from '@bestmark/core'
import { inArray, type SQL, sql } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { trainingJobs } from '../schema.ts'

const slurm = sql`environment -> 'slurm'`
const array = sql<string>`(${slurm} ->> 'array_job_id')`
const nodes = sql<string>`(${slurm} ->> 'node_list')`

/** Whether a job trains in the Slurm job, the array or the task of an array with this number. */
export function inSlurmJob(number: string): SQL | undefined {
  if (!/^\d+(_\d+)?$/.test(number)) return undefined
  const task = sql`${array} || '_' || (${slurm} ->> 'array_task_id')`
  return sql`${number} in (${slurm} ->> 'job_id', ${array}, ${task})`
}

/** The conditions that jobs trained in Slurm where a search asks for. */
export async function slurmFilters(
  db: Database,
  { partition, node, array: number }: SlurmSearch,
): Promise<SQL[]> {
  return [
    ...(partition === undefined ? [] : [sql`${slurm} ->> 'partition' = ${partition}`]),
    ...(number === undefined ? [] : [sql`${array} = ${number}`]),
    ...(node === undefined ? [] : [await onNode(db, node)]),
  ]
}

/** The database cannot read the lists of Slurm, but it has few different ones. */
async function onNode(db: Database, node: string): Promise<SQL> {
  const rows = await db.orm
    .selectDistinct({ list: nodes })
    .from(trainingJobs)
    .where(sql`${nodes} is not null`)
  const lists = rows.flatMap(({ list }) => (hasHost(list, node) ? [list] : []))
  return inArray(nodes, lists)
}
