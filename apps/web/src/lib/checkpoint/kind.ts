import type { CheckpointRow } from '../api.ts'

type Kind = Pick<CheckpointRow, 'kind' | 'base'>

/** What a checkpoint is beside whole weights; empty where it is just that, or nobody looked. */
export function kindWords({ kind, base }: Kind): string {
  if (kind === 'adapter') return base === null ? 'adapter' : `adapter of ${base}`
  return kind === 'sharded' ? 'in shards' : ''
}

/** What must be done before a checkpoint can be served; empty where it can be as it is. */
export function servingWords({ kind, base }: Kind): string {
  if (kind === 'adapter') return `This is an adapter. Serve it together with ${base ?? 'its base'}.`
  return kind === 'sharded' ? 'It is saved in shards. Join them before you serve it.' : ''
}
