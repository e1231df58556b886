import type { CheckpointRow } from '../api.ts'

type Kind = Pick<CheckpointRow, 'kind' | 'base'>

/** The kind of a checkpoint; empty for whole weights, or if it was not inspected. */
export function kindWords({ kind, base }: Kind): string {
  if (kind === 'adapter') return base === null ? 'adapter' : `adapter of ${base}`
  return kind === 'sharded' ? 'in shards' : ''
}

/** What must be done before a checkpoint can be served; empty if it can be served as it is. */
export function servingWords({ kind, base }: Kind): string {
  if (kind === 'adapter') return `This is an adapter. Serve it together with ${base ?? 'its base'}.`
  return kind === 'sharded' ? 'It is saved in shards. Merge them before you serve it.' : ''
}
