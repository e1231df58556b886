import type { Database } from './client.ts'
import type { DeploymentStatus } from './schema.ts'

/** One checkpoint shipped, or being shipped, under a model name. */
export interface Deployment {
  deployment_id: string
  job_id: string
  job_name: string
  checkpoint_id: string
  step: number | null
  checkpoint_name: string
  /** Whether it was the best when it was chosen, and what was said of it then. */
  is_best: boolean
  reason: string
  model_name: string
  status: DeploymentStatus
  bytes_done: number
  bytes_total: number
  path: string | null
  error: string | null
  created_at: number
  ended_at: number | null
}

export interface DeploymentQuery {
  job_id?: string | undefined
  model_name?: string | undefined
  limit?: number | undefined
}

export declare function createDeployment(
  db: Database,
  order: { job_id: string; checkpoint_id: string; model_name: string },
): Promise<Deployment>
export declare function listDeployments(
  db: Database,
  query?: DeploymentQuery,
): Promise<Deployment[]>
export declare function liveDeployments(
  db: Database,
  query?: Omit<DeploymentQuery, 'limit'>,
): Promise<Deployment[]>
