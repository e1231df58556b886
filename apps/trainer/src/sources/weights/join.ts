import { basename } from 'node:path'
import { ownValue } from '@bestmark/core'
import type { SavedFile } from '../events/savedFiles.ts'
import { assignAttempts } from './fileAttempts.ts'
import type { Candidate } from './candidate.ts'
import { type Axis, findBase, rowHolds, type WeightsValue } from './axis.ts'
import { findEpochEnds, type StepOfEpoch } from './epochEnds.ts'
import type { LogHistory, Row } from './logHistory.ts'
import { unloggedValues } from './unloggedValues.ts'
import { findRoleSigns } from './roles.ts'

/** What a run declares, as far as files that keep its best are of that metric. */
export interface JoinOptions {
  metric: string | null
  total_epochs: number | null
}

/** The sign of a log that names the weights. */
const NAMED = 'the log line that names it'

/** One sign of the step that weights are of. */
interface Sign {
  step: number
  /** As part of a sentence. */
  by: string
  /** Whether the log measured something at this step. */
  hasRow: boolean
  /** Whether it needs no other sign: what names and files say is compared with the log's rows. */
  isSure: boolean
}

/**
 * Gives weights their attempt and step by every sign that they carry. Signs that agree make it
 * certain; one alone is said; none, or two that differ, leave the step unknown.
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
    const isKnown = hasRow || one.facts.isLightning
    const isSure = kind === 'name' || (kind === 'inside' && isKnown)
    signs.get(one)?.push({ step, by, hasRow, isSure })
  }
  const given = { candidates, history, axis, ends, add }
  fromLog(given)
  fromNames(given)
  fromFacts(given)
  fromValues(given)
  const known = candidates.map((one) => ({ one, signs: signs.get(one) ?? [] }))
  for (const { one, signs } of known) {
    if (signs.length === 0) fromTwins(one, known, add)
    if (signs.length === 0) {
      for (const { step, by } of findRoleSigns(one, candidates, { history, axis }, declares.metric))
        add(one, step, by)
    }
  }
  const placed = known.map(({ one, signs }) => weighSigns(one, signs))
  return assignAttempts(placed, history).map(({ one, saved }) => {
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
 * Programs call an epoch a step, too: it is one where the epochs of weights are rows, and their steps
 * are none, or where no weights name a step and there are no other rows than those of their epochs.
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

/** Whether rows, which carry no epoch, go up to the last of these epochs, each of which is one. */
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
  add: (
    one: Candidate,
    step: number | undefined,
    by: string,
    kind?: 'name' | 'inside' | 'other',
  ) => void
}

/** A log that names a checkpoint knows its step, whatever the number in the name counts. */
function fromLog({ candidates, history: { saves = {} }, add }: SignSearch): void {
  for (const one of candidates) add(one, ownValue(saves, basename(one.found.path)), NAMED, 'inside')
}

/** Weights of one pattern of names count alike. */
function fromNames({ candidates, history, axis, ends, add }: SignSearch): void {
  const groups = Map.groupBy(candidates, ({ found }) => found.hints.pattern)
  for (const group of groups.values()) {
    const bySteps = group.map((one) => stepNumber(one, history, axis))
    const rowsOf = (number: number): Row[] => history.rows.filter(({ step }) => step === number)
    const numbers = group.flatMap((one, index) => {
      const number = bySteps[index]
      return number == null ? [] : [{ number, values: valuesIn(one) }]
    })
    const base = findBase(numbers, rowsOf, usualBase(group, axis))
    group.forEach((one, index) => {
      const number = bySteps[index]
      if (number != null) add(one, number + base.add, 'its name', 'name')
      else add(one, ends.ofName(one), 'its name', 'name')
    })
  }
}

/** The number in a name that counts what the log counts; null where it counts epochs of a log of steps. */
function stepNumber({ found, facts }: Candidate, { rows }: LogHistory, axis: Axis): number | null {
  const { step, epoch, number } = found.hints
  // Without a log a file knows better than its name what the name counts.
  if (rows.length === 0 && step === null && facts.step !== null) return null
  if (axis.isEpochs) return epoch ?? (step === null ? number : null)
  if (step !== null || number === null) return step
  const isStep =
    rows.length === 0 || rows.some((row) => row.step === number || row.step === number + 1)
  return isStep ? number : null
}

/**
 * Keras and TensorFlow name epochs from 1, whatever their tables do, and Lightning the steps that are
 * completed; others count as they log.
 */
function usualBase([first]: readonly Candidate[], { shift, isEpochs }: Axis): 0 | 1 {
  if (first?.facts.isLightning && !isEpochs) return 0
  const { path, file } = first?.found ?? { path: '', file: '' }
  return /\.(keras|h5|hdf5)$/.test(path) || file.endsWith('.index') ? 0 : shift
}

function fromFacts({ candidates, history, axis, ends, add }: SignSearch): void {
  const rowsOf = (number: number): Row[] => history.rows.filter(({ step }) => step === number)
  // A count that files of different names have in common was taken over from elsewhere.
  if (isTakenOver(candidates)) return
  const told = (one: Candidate): number | null => (axis.isEpochs ? one.facts.epoch : one.facts.step)
  const others = candidates.filter(({ facts }) => !facts.isLightning)
  const numbers = others.flatMap((one) => {
    const number = told(one)
    return number === null ? [] : [{ number, values: valuesIn(one) }]
  })
  const base = findBase(numbers, rowsOf, axis.shift)
  for (const one of candidates) {
    const number = told(one)
    const { isLightning } = one.facts
    const more = isLightning ? (axis.isEpochs ? 1 : 0) : base.add
    if (number !== null) add(one, number + more, `the step count in ${one.facts.file}`, 'inside')
    else add(one, ends.ofFacts(one), `the step count in ${one.facts.file}`, 'inside')
  }
}

function isTakenOver(candidates: readonly Candidate[]): boolean {
  const counted = candidates.flatMap(({ found: { hints }, facts }) => {
    const number = hints.step ?? hints.epoch ?? hints.number
    const told = facts.step ?? facts.epoch
    return number === null || told === null ? [] : [{ number, told }]
  })
  const numbers = new Set(counted.map(({ number }) => number))
  return numbers.size > 1 && new Set(counted.map(({ told }) => told)).size === 1
}

/** A value that only one row has. */
function fromValues({ candidates, history, add }: SignSearch): void {
  for (const one of candidates) {
    for (const value of valuesIn(one)) {
      const rows = history.rows.filter((row) => rowHolds(row, value))
      const steps = new Set(rows.map(({ step }) => step))
      if (steps.size === 1) add(one, rows[0]?.step, `its value ${value.value}`)
    }
  }
}

/** Files that hold the same numbers are of one step. */
function fromTwins(
  one: Candidate,
  known: readonly { one: Candidate; signs: readonly Sign[] }[],
  add: SignSearch['add'],
): void {
  const { digest } = one.facts
  if (digest === null || digest === '') return
  const twin = known.find((other) => other.one.facts.digest === digest && other.signs.length > 0)
  if (twin) add(one, twin.signs[0]?.step, `the same numbers in ${twin.one.found.path}`)
}

function valuesIn({ found, facts }: Candidate): WeightsValue[] {
  const inside = Object.values(facts.values).map((value) => ({ value, digits: null }))
  return [...found.hints.values, ...inside]
}

/** A row of the log at a step is a sign of its own. */
function weightOf(signs: readonly Sign[] = []): number {
  return signs.length + (signs[0]?.hasRow ? 1 : 0)
}

/** Which step the signs come to: the one that most of them name. */
function weighSigns(one: Candidate, all: readonly Sign[]): { one: Candidate; saved: SavedFile } {
  const named = all.filter(({ by }) => by === NAMED)
  const signs = named.length > 0 ? named : all
  const { path, hints, mtime, size } = one.found
  const counts = [...Map.groupBy(signs, ({ step }) => step)].sort(
    ([, a], [, b]) => weightOf(b) - weightOf(a),
  )
  const [first, second] = counts
  const isClear = first !== undefined && weightOf(first[1]) > weightOf(second?.[1])
  const step = isClear ? first[0] : null
  const role = hints.role ?? (step === null ? 'latest' : null)
  const step_note = isClear
    ? describeOnlySign(path, first)
    : signs.length > 0
      ? contradiction(path, signs)
      : null
  return {
    one,
    saved: { path, step, epoch: null, role, mtime, size, ...(step_note !== null && { step_note }) },
  }
}

/** One sign alone is said, but for a name that counts. */
function describeOnlySign(path: string, [step, signs]: [number, Sign[]]): string | null {
  const [only, ...others] = signs
  if (!only || others.length > 0 || only.isSure) return null
  return `${path} is probably from step ${step}. The only evidence is ${only.by}`
}

function contradiction(path: string, signs: readonly Sign[]): string {
  const evidence = signs.map(({ step, by }) => `step ${step} (${by})`).join(', ')
  return `The step of ${path} is unknown. The evidence differs: ${evidence}`
}
