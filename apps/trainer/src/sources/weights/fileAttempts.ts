import type { SavedFile } from '../events/savedFiles.ts'
import type { Candidate } from './candidate.ts'
import type { LogHistory } from './logHistory.ts'

interface JoinedFile {
  one: Candidate
  saved: SavedFile
}

/** If all files have times within this span, they were copied (ms). */
const COPY = 1000

/**
 * Assigns weights to attempts by their times. Within one attempt later files have later steps, so an
 * older file with a higher step is from an earlier attempt. Does nothing for one attempt, or if the
 * times are those of a copy.
 */
export function assignAttempts(joined: readonly JoinedFile[], { last }: LogHistory): JoinedFile[] {
  const attempts = last.length
  const stepped = joined.filter(({ saved }) => saved.step !== null)
  const times = stepped.map(({ saved }) => saved.mtime)
  if (attempts < 2 || Math.max(...times) - Math.min(...times) < COPY) return [...joined]
  const attemptOf = new Map<JoinedFile, number>()
  let [attempt, before] = [attempts - 1, Infinity]
  for (const one of stepped.toSorted((a, b) => b.saved.mtime - a.saved.mtime)) {
    const step = one.saved.step ?? 0
    const reaches = (last[attempt] ?? 0) >= step
    if ((step > before || !reaches) && attempt > 0) attempt--
    before = step
    attemptOf.set(one, attempt)
  }
  return joined.map((one) => {
    const attempt = attemptOf.get(one)
    return attempt === undefined ? one : { ...one, saved: { ...one.saved, attempt } }
  })
}
