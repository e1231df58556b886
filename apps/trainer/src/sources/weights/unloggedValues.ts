import { basename } from 'node:path'
import { ownValue, setOwn } from '@bestmark/core'
import { heldOutName, isHeldOut } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { rowHolds } from './axis.ts'
import type { Candidate } from './candidate.ts'
import { heldOutInName } from './namedValues.ts'
import { readRecordedBest } from './recordedBest.ts'
import type { LogHistory, Row } from './logHistory.ts'

/** Metrics in the weights' files that the log does not have at their step, by common name. */
export function unloggedValues(
  { found, facts }: Candidate,
  candidates: readonly Candidate[],
  { step, attempt }: SavedFile,
  history: LogHistory,
): Record<string, number> {
  if (step === null) return {}
  const { rows } = history
  const here = rows.filter((row) => row.step === step && (attempt ?? row.attempt) === row.attempt)
  // The log has the exact value.
  const named = here.length === 0 ? heldOutInName(found) : []
  const measured = new Map([...named, ...Object.entries(facts.values)])
  for (const other of candidates) {
    const { monitor } = other.facts
    const score = monitor?.scores.get(basename(found.path))
    if (monitor && score !== undefined) measured.set(monitor.metric, score)
  }
  const best = readRecordedBest(candidates, history)
  if (best?.step === step && best.path === found.path) measured.set(best.metric, best.value)
  const values: Record<string, number> = {}
  for (const [metric, value] of measured) {
    if (!isHeldOut(metric) && facts.monitor?.metric !== metric) continue
    const name = heldOutName(metric)
    if (here.some((row) => Object.hasOwn(row.values, name))) continue
    if (facts.isLightning && isOfEarlierRow(rows, step, name, value)) continue
    setOwn(values, name, value)
  }
  return values
}

/**
 * Whether an earlier evaluation logged the same value. Lightning writes the last value of its monitor
 * into files that it saves between two evaluations.
 */
function isOfEarlierRow(rows: readonly Row[], step: number, name: string, value: number): boolean {
  return rows.some((row) => {
    const logged = ownValue(row.values, name)
    const values = logged === undefined ? {} : { [name]: logged }
    return row.step < step && rowHolds({ ...row, values }, { value, digits: null })
  })
}
