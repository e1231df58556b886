import { basename, dirname } from 'node:path'
import { readNameHints } from '../../sources/weights/nameHints.ts'

/** Folders of the parts or the processes of one training. */
const PART = /^(rank|worker|gpu|device|node|mp_rank|stage|step|iter|epoch|checkpoint|ckpt)/i

/**
 * Whether files of weights are those of several runs: files with the same counted name, such as
 * `epoch_3.pt`, in sibling folders whose names differ only in numbers, such as `seed0` and `seed1`.
 */
export function isSeveralRuns(files: readonly string[]): boolean {
  const groups = Map.groupBy(new Set(files.filter(hasNumber)), (file) => {
    const folder = dirname(file)
    const name = basename(folder)
    const pattern = PART.test(name) ? name : name.replace(/[\d.]+/g, '#')
    return [dirname(folder), pattern, basename(file)].join('\n')
  })
  return [...groups.values()].some(({ length }) => length > 1)
}

function hasNumber(file: string): boolean {
  const { epoch, step, number } = readNameHints(basename(file))
  return epoch !== null || step !== null || number !== null
}
