import type { StoredFiles } from '@bestmark/db'
import { Failure } from '../failure.ts'

/**
 * The checkpoints of a job with this step or path, by attempt. Throws a Failure that lists all paths
 * if there is none.
 */
export function checkpointsNamed(
  text: string,
  files: readonly StoredFiles[],
  job: string,
): StoredFiles[] {
  const found = files.filter(({ step, path }) => path === text || String(step) === text)
  if (found.length > 0) return found
  const paths = files.map(({ path }) => path).join(', ')
  throw new Failure(`${job} has no checkpoint "${text}". It has ${paths || 'none'}.`)
}
