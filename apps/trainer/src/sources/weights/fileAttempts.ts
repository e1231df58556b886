import { ownValue } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { rowHolds } from './axis.ts'
import type { Candidate } from './candidate.ts'
import type { LogHistory } from './logHistory.ts'

interface JoinedFile {
  one: Candidate
  saved: SavedFile
}

/** If all files have times within this span, they were copied (ms). */
const COPY = 1000

/**
 * Assigns weights to attempts. Within one attempt later files have later steps, so an older file with
 * a higher step is from an earlier attempt, and so is a file of a step before the attempt began. The
 * times are not used if they are those of a copy. A file with a value of its own belongs to the attempt
 * that logged this value at its step.
 */
export function assignAttempts(joined: readonly JoinedFile[], history: LogHistory): JoinedFile[] {
  if (history.last.length < 2) return [...joined]
  const byTime = attemptsByTime(joined, history)
  return joined.map((one) => {
    const attempt = attemptByValue(one, history) ?? byTime.get(one)
    return attempt === undefined ? one : { ...one, saved: { ...one.saved, attempt } }
  })
}

function attemptsByTime(
  joined: readonly JoinedFile[],
  history: LogHistory,
): Map<JoinedFile, number> {
  const attemptOf = new Map<JoinedFile, number>()
  const stepped = joined.filter(({ saved }) => saved.step !== null)
  const times = stepped.map(({ saved }) => saved.mtime)
  if (Math.max(...times) - Math.min(...times) < COPY) return attemptOf
  let [attempt, before] = [history.last.length - 1, Infinity]
  for (const one of stepped.toSorted((a, b) => b.saved.mtime - a.saved.mtime)) {
    const step = one.saved.step ?? 0
    const reaches = (history.last[attempt] ?? 0) >= step
    const isEarlier = step > before || !reaches || step < beginning(history, attempt)
    if (isEarlier && attempt > 0) attempt--
    before = step
    attemptOf.set(one, attempt)
  }
  return attemptOf
}

/** The first step of an attempt. It is 0 if its log begins like that of the first attempt. */
function beginning({ first = [] }: LogHistory, attempt: number): number {
  const from = first[attempt] ?? 0
  return from <= (first[0] ?? 0) ? 0 : from
}

/** The only attempt whose row at the file's step has the values of the file; undefined if unclear. */
function attemptByValue({ one, saved }: JoinedFile, { rows }: LogHistory): number | undefined {
  const values = Object.entries(one.facts.values)
  const here = rows.filter(({ step }) => step === saved.step)
  const fitting = here.filter((row) => {
    const logged = values.flatMap(([name, value]) => {
      const there = ownValue(row.values, name) ?? ownValue(row.values, heldOutName(name))
      return there === undefined ? [] : [{ there, value }]
    })
    const holds = logged.every(({ there, value }) => {
      return rowHolds({ ...row, values: { there } }, { value, digits: null })
    })
    return logged.length > 0 && holds
  })
  const attempts = new Set(fitting.map(({ attempt }) => attempt))
  const [only] = attempts
  return attempts.size === 1 ? only : undefined
}
