import { basename } from 'node:path'
import { ownValue } from '@bestmark/core'
import type { SavedFile } from '../events/savedFiles.ts'
import { assignAttempts } from './fileAttempts.ts'
import type { Candidate } from './candidate.ts'
import { type Axis, findBase, rowHolds, type WeightsValue } from './axis.ts'
import { findEpochEnds, type StepOfEpoch } from './epochEnds.ts'
import type { LogHistory, Row } from './logHistory.ts'
import { type Sign, type SignKind, weighSigns } from './signs.ts'
import { unloggedValues } from './unloggedValues.ts'
import { findRoleSigns } from './roles.ts'
import { heldOutName } from '../events/names.ts'

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
    const isFromProgram = hasRow || one.facts.isLightning
    const isWritten = kind === 'inside' || kind === 'log'
    const isSure = kind === 'name' || (isWritten && isFromProgram)
    signs.get(one)?.push({ step, kind, by, hasRow, isSure })
  }
  const given = { candidates, history, axis, ends, add }
  fromLog(given)
  fromNames(given)
  fromFacts(given)
  fromValues(given)
  const signed = candidates.map((one) => ({ one, signs: signs.get(one) ?? [] }))
  for (const { one, signs } of signed) {
    if (signs.length === 0) fromTwins(one, signed, add)
    if (signs.length === 0) {
      for (const { step, by } of findRoleSigns(one, candidates, { history, axis }, declares.metric))
        add(one, step, by)
    }
  }
  const weighed = signed.map(({ one, signs }) => weighSigns(one, signs))
  return assignAttempts(weighed, history).map(({ one, saved }) => {
    const epoch = axis.isEpochs ? saved.step : epochOf(one, saved, history)
    return { ...saved, epoch, values: unloggedValues(one, candidates, saved, history) }
  })
}

function epochOf(
  { found, facts }: Candidate,
  { step }: SavedFile,
  { rows }: LogHistory,
): number | null {
  const row = rows.find((row) => row.step === step)
  return row?.epoch ?? found.hints.epoch ?? facts.epoch
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
  if (epochs.length === 0 || isCarried || Math.max(...steps) > most + 1) return false
  return [-1, 0, 1].some((add) => epochs.every((epoch) => steps.has(epoch + add)))
}

interface SignSearch {
  candidates: readonly Candidate[]
  history: LogHistory
  axis: Axis
  ends: StepOfEpoch
  add: (one: Candidate, step: number | undefined, by: string, kind?: SignKind) => void
}

/** If the log names a checkpoint, its step is that of the log line. */
function fromLog({ candidates, history: { saves = {} }, add }: SignSearch): void {
  for (const one of candidates) {
    add(one, ownValue(saves, basename(one.found.path)), 'the log line that names it', 'log')
  }
}

/** Weights with the same name pattern count in the same way. */
function fromNames({ candidates, history, axis, ends, add }: SignSearch): void {
  const groups = Map.groupBy(candidates, ({ found }) => found.hints.pattern)
  for (const group of groups.values()) {
    const bySteps = group.map((one) => stepNumber(one, history, axis))
    const rowsOf = (number: number): Row[] => history.rows.filter(({ step }) => step === number)
    const numbers = group.flatMap((one, index) => {
      const number = bySteps[index]
      return number == null ? [] : [{ number, values: valuesIn(one, history) }]
    })
    const isAsLogged = group.every(({ facts }) => facts.isAsLogged)
    const base = isAsLogged ? { add: 0 } : findBase(numbers, rowsOf, usualBase(group, axis))
    group.forEach((one, index) => {
      const number = bySteps[index]
      if (number != null) add(one, number + base.add, 'its name', 'name')
      else add(one, ends.ofName(one), 'its name', 'name')
    })
  }
}

/** The number in a name that counts like the log; null if the name counts epochs and the log steps. */
function stepNumber({ found, facts }: Candidate, { rows }: LogHistory, axis: Axis): number | null {
  const { step, epoch, number } = found.hints
  // Without a log, the step in the file is better evidence than the name.
  if (rows.length === 0 && step === null && facts.step !== null) return null
  if (axis.isEpochs) return epoch ?? (step === null ? number : null)
  if (step !== null || number === null) return step
  const isStep =
    rows.length === 0 || rows.some((row) => row.step === number || row.step === number + 1)
  return isStep ? number : null
}

/**
 * Keras and TensorFlow number files from 1, even if their tables start at 0. Lightning names completed
 * steps. Other programs count in names as in the log.
 */
function usualBase([first]: readonly Candidate[], { shift, isEpochs }: Axis): 0 | 1 {
  if (first?.facts.isLightning && !isEpochs) return 0
  const { path, file } = first?.found ?? { path: '', file: '' }
  return /\.(keras|h5|hdf5)$/.test(path) || file.endsWith('.index') ? 0 : shift
}

function fromFacts({ candidates, history, axis, ends, add }: SignSearch): void {
  const rowsOf = (number: number): Row[] => history.rows.filter(({ step }) => step === number)
  // If files with different numbers share one count, it is from a training before.
  if (isInherited(candidates)) return
  const countOf = (one: Candidate): number | null =>
    axis.isEpochs ? one.facts.epoch : one.facts.step
  const others = candidates.filter(({ facts }) => !facts.isLightning && !facts.isAsLogged)
  const numbers = others.flatMap((one) => {
    const number = countOf(one)
    return number === null ? [] : [{ number, values: valuesIn(one, history) }]
  })
  const base = findBase(numbers, rowsOf, axis.shift)
  for (const one of candidates) {
    const number = countOf(one)
    const { isLightning, isAsLogged } = one.facts
    const more = isAsLogged ? 0 : isLightning ? (axis.isEpochs ? 1 : 0) : base.add
    if (number !== null) add(one, number + more, `the step count in ${one.facts.file}`, 'inside')
    else add(one, ends.ofFacts(one), `the step count in ${one.facts.file}`, 'inside')
  }
}

function isInherited(candidates: readonly Candidate[]): boolean {
  const counted = candidates.flatMap(({ found: { hints }, facts }) => {
    const number = hints.step ?? hints.epoch ?? hints.number
    const stored = facts.step ?? facts.epoch
    return number === null || stored === null ? [] : [{ number, stored }]
  })
  const numbers = new Set(counted.map(({ number }) => number))
  return numbers.size > 1 && new Set(counted.map(({ stored }) => stored)).size === 1
}

/** Uses a value that only one log row has. */
function fromValues({ candidates, history, add }: SignSearch): void {
  for (const one of candidates) {
    for (const value of valuesIn(one, history)) {
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
  if (twin) add(one, twin.signs[0]?.step, `the same tensors in ${twin.one.found.path}`)
}

/**
 * The metric values in a name and a file. If the log has some of them by name, the others are not
 * used: one of many values may equal any logged one by chance.
 */
function valuesIn({ found, facts }: Candidate, { rows }: LogHistory): WeightsValue[] {
  const inside = Object.entries(facts.values).map(([name, value]) => {
    return { value, digits: null, name: heldOutName(name) }
  })
  const logged = inside.filter(({ name }) => rows.some(({ values }) => Object.hasOwn(values, name)))
  const unnamed = inside.map(({ value }) => ({ value, digits: null }))
  const inName = found.hints.values.map(({ value, digits }) => ({ value, digits }))
  return [...inName, ...(logged.length > 0 ? logged : unnamed)]
}
