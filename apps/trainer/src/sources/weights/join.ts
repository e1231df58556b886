import { basename } from 'node:path'
import { ownValue } from '@bestmark/core'
import { heldOutName } from '../events/names.ts'
import type { SavedFile } from '../events/savedFiles.ts'
import { assignAttempts } from './fileAttempts.ts'
import type { Candidate } from './candidate.ts'
import { type Axis, rowHolds } from './axis.ts'
import { fromFacts, fromNames, type SignSearch, valuesIn } from './countedSigns.ts'
import { findEpochEnds } from './epochEnds.ts'
import { asLeftover, findLeftovers } from './leftovers.ts'
import type { LogHistory, Row } from './logHistory.ts'
import { type Sign, weighSigns } from './signs.ts'
import { unloggedValues } from './unloggedValues.ts'
import { findRoleSigns } from './roles.ts'

/** What a run declares. The files of its best weights follow the declared metric. */
export interface JoinOptions {
  metric: string | null
  total_epochs: number | null
}

/**
 * Finds the step and attempt of weights by all evidence. If two pieces of evidence agree, the step is
 * certain. If there is only one, the user gets a note. Without evidence, or if it differs, the step
 * is unknown.
 */
export function joinWeights(
  candidates: readonly Candidate[],
  history: LogHistory,
  logged: Axis,
  declares: JoinOptions,
): SavedFile[] {
  const axis = detectEpochs(candidates, history, logged)
  const ends = findEpochEnds(candidates, history, axis, declares.total_epochs)
  const signs = new Map(candidates.map((one) => [one, [] as Sign[]]))
  const add: SignSearch['add'] = (one, step, by, kind = 'other') => {
    if (step === undefined) return
    const hasRow = history.rows.some((row) => row.step === step)
    // Without a log, a file with its own metrics is the only record of its step.
    const isAlone = history.rows.length === 0 && Object.keys(one.facts.values).length > 0
    const isFromProgram = hasRow || one.facts.isLightning || isAlone
    const isWritten = kind === 'inside' || kind === 'log'
    const isSure = kind === 'name' || kind === 'tensors' || (isWritten && isFromProgram)
    signs.get(one)?.push({ step, kind, by, hasRow, isSure })
  }
  const unclear = new Map<Candidate, string>()
  const named = new Map<Candidate, number>()
  const given = { candidates, history, axis, ends, add, named, unclear }
  fromLog(given)
  fromNames(given)
  fromFacts(given)
  fromValues(given)
  const folds = findFolds(candidates)
  for (const one of folds) {
    signs.delete(one)
    unclear.set(one, 'Several folds share this log, so its values may be those of another fold')
  }
  const signed = candidates
    .filter((one) => !folds.has(one))
    .map((one) => ({ one, signs: signs.get(one) ?? [] }))
  for (const { one, signs } of signed) {
    if (signs.length === 0) fromTwins(one, signed, add)
    if (signs.length === 0) {
      for (const { step, by } of findRoleSigns(one, candidates, { history, axis }, declares.metric))
        add(one, step, by)
    }
  }
  const weighed = [...signed, ...[...folds].map((one) => ({ one, signs: [] }))].map(
    ({ one, signs }) => weighSigns(one, signs, unclear.get(one)),
  )
  const leftovers = findLeftovers(
    weighed.map(({ saved }) => saved),
    history,
  )
  return assignAttempts(weighed, history).map(({ one, saved }) => {
    if (leftovers.has(saved.path)) return asLeftover(saved)
    const epoch = axis.isEpochs ? saved.step : epochOf(one, saved, history)
    const isConfirmed = hasLoggedValues(one, saved, history)
    return { ...saved, epoch, isConfirmed, values: unloggedValues(one, candidates, saved, history) }
  })
}

/** Whether the metrics in a file are those of the log at its step. */
function hasLoggedValues({ facts }: Candidate, { step }: SavedFile, { rows }: LogHistory): boolean {
  const values = Object.entries(facts.values).map(([name, value]) => {
    return { name: heldOutName(name), value, digits: null }
  })
  return rows.some((row) => row.step === step && values.some((one) => rowHolds(row, one)))
}

const FOLD = /(?:^|[-_./])fold[-_]?(\d{1,3})(?!\d)/i

/** The weights of folds of a cross-validation, if there are several. */
function findFolds(candidates: readonly Candidate[]): ReadonlySet<Candidate> {
  const foldOf = ({ found }: Candidate): string | undefined => FOLD.exec(found.path)?.[1]
  const folded = candidates.filter((one) => foldOf(one) !== undefined)
  return new Set(new Set(folded.map(foldOf)).size > 1 ? folded : [])
}

function epochOf(
  { found, facts }: Candidate,
  { step }: SavedFile,
  { rows }: LogHistory,
): number | null {
  const row = rows.find((row) => row.step === step)
  // Lightning counts epochs from 0.
  const counted = found.hints.epoch ?? facts.epoch
  return row?.epoch ?? (counted !== null && facts.isLightning ? counted + 1 : counted)
}

/**
 * Some programs log epochs as steps. The log counts epochs if the epochs of the weights have rows and
 * their steps have none, or if no weights name a step and every row is the epoch of some weights.
 */
function detectEpochs(candidates: readonly Candidate[], { rows }: LogHistory, axis: Axis): Axis {
  if (axis.isEpochs || rows.length === 0) return axis
  const isRow = (number: number | null): boolean =>
    number !== null && rows.some(({ step }) => step === number || step === number + 1)
  const steps = candidates.map(({ found, facts }) => found.hints.step ?? facts.step)
  const epochs = candidates.map(({ found, facts }) => found.hints.epoch ?? facts.epoch)
  const isStep = steps.some((step) => step !== null)
  const isEpochs = isStep
    ? !steps.some(isRow) && epochs.some(isRow)
    : areRows(
        epochs.flatMap((epoch) => epoch ?? []),
        rows,
      )
  return isEpochs ? { ...axis, isEpochs } : axis
}

/** Whether rows without an epoch end at the last of these epochs, and each epoch has a row. */
function areRows(epochs: readonly number[], rows: readonly Row[]): boolean {
  const steps = new Set(rows.map(({ step }) => step))
  const most = Math.max(...epochs)
  const isCarried = rows.some(({ epoch }) => epoch !== null)
  const isFurther = rows.some(({ step }) => step > most + 1)
  if (epochs.length === 0 || isCarried || isFurther) return false
  return [-1, 0, 1].some((add) => epochs.every((epoch) => steps.has(epoch + add)))
}

/** If the log names a checkpoint, its step is that of the log line. */
function fromLog({ candidates, history: { saves = {} }, add }: SignSearch): void {
  for (const one of candidates) {
    add(one, ownValue(saves, basename(one.found.path)), 'the log line that names it', 'log')
  }
}

/** Uses a value that only one log row has. */
function fromValues({ candidates, history, add }: SignSearch): void {
  for (const one of candidates) {
    for (const value of valuesIn(one, history.rows)) {
      const rows = history.rows.filter((row) => rowHolds(row, value))
      const steps = new Set(rows.map(({ step }) => step))
      if (steps.size === 1) add(one, rows[0]?.step, `its value ${value.value}`, 'value')
    }
  }
}

/** Files with the same tensors have the same step. */
function fromTwins(
  one: Candidate,
  signed: readonly { one: Candidate; signs: readonly Sign[] }[],
  add: SignSearch['add'],
): void {
  const { digest } = one.facts
  if (digest === null || digest === '') return
  const twin = signed.find((other) => other.one.facts.digest === digest && other.signs.length > 0)
  if (!twin) return
  const { signs } = twin
  const isOne = new Set(signs.map(({ step }) => step)).size === 1
  const isSure = isOne && (signs.length > 1 || signs.some((sign) => sign.isSure))
  const by = `the same tensors in ${twin.one.found.path}`
  add(one, signs[0]?.step, by, isSure ? 'tensors' : 'other')
}
