import { heldOutName } from '../events/names.ts'
import { type Axis, type Base, BASES, findBase, type Numbered, type WeightsValue } from './axis.ts'
import type { Candidate } from './candidate.ts'
import type { StepOfEpoch } from './epochEnds.ts'
import type { LogHistory } from './logHistory.ts'
import type { SignKind } from './signs.ts'

/** What is needed to find evidence, and where it is added. */
export interface SignSearch {
  candidates: readonly Candidate[]
  history: LogHistory
  axis: Axis
  ends: StepOfEpoch
  add: (one: Candidate, step: number | undefined, by: string, kind?: SignKind) => void
  /** The steps by the numbers in names. */
  named: Map<Candidate, number>
  /** Why the numbers of weights are no evidence, as a sentence. */
  unclear: Map<Candidate, string>
}

/** Weights with the same name pattern count in the same way. */
export function fromNames(search: SignSearch): void {
  const { candidates, history, axis, add, named, unclear } = search
  for (const all of Map.groupBy(candidates, ({ found }) => found.hints.pattern).values()) {
    const inside = areBatches(all) ? all : all.filter(({ found }) => INSIDE.test(found.path))
    for (const one of inside) unclear.set(one, 'Its name has an epoch and a batch inside it')
    const group = all.filter((one) => !inside.includes(one))
    // Names may have the other count of their files, which is not that of the log.
    if (group.every(({ found, facts }) => isOtherCount(found.hints.step, facts))) continue
    const bySteps = stepNumbers(group, history, axis)
    const numbers = numbered(group, bySteps, history.rows)
    const perStep = batchesPerStep(bySteps, history.rows)
    const isAsLogged = group.every(({ facts }) => facts.isAsLogged)
    const base = isAsLogged ? 0 : findBase(numbers, history.rows, axis, usualBase(group, search))
    group.forEach((one, index) => {
      const number = bySteps[index]
      if (number == null) addEpoch(search, one)
      else if (perStep !== undefined)
        add(one, number / perStep, `its name, if it counts ${perStep} batches per step`)
      else if (base === null) unclear.set(one, unclearText(number))
      else {
        named.set(one, number + base)
        add(one, number + base, 'its name', 'name')
      }
    })
  }
}

/** A name with an epoch has the step at which this epoch ended. */
function addEpoch({ history, axis, ends, add, unclear }: SignSearch, one: Candidate): void {
  const { epoch, number } = one.found.hints
  const [step, named] = [ends.ofName(one), epoch ?? number]
  add(one, step, 'its name', 'name')
  const isLogged = !axis.isEpochs && history.rows.some((row) => row.epoch !== null)
  if (step === undefined && named !== null && isLogged) unclear.set(one, unclearText(named))
}

function isOtherCount(named: number | null, { step, other_step }: Candidate['facts']): boolean {
  return named !== null && named === other_step && named !== step
}

/** More batches per step are not usual. */
const MOST_BATCHES = 256

/**
 * How many batches make a step, if names count batches and the log counts steps, as with gradient
 * accumulation: no name has a row, one number divides all names to rows, and the last one to the last
 * row.
 */
function batchesPerStep(
  numbers: readonly (number | null)[],
  rows: LogHistory['rows'],
): number | undefined {
  const counts = [...new Set(numbers.flatMap((number) => number ?? []))]
  const steps = new Set(rows.map(({ step }) => step))
  const isRow = (count: number): boolean => [-1, 0, 1].some((add) => steps.has(count + add))
  const [last, reached] = [Math.max(...counts), Math.max(...steps)]
  const perStep = last / reached
  const isWhole = Number.isInteger(perStep) && perStep > 1 && perStep <= MOST_BATCHES
  if (counts.length < 2 || counts.length < numbers.length || counts.some(isRow) || !isWhole)
    return undefined
  return counts.every((count) => steps.has(count / perStep)) ? perStep : undefined
}

/**
 * Whether names have an epoch and a batch: the second of two numbers starts again when the first one
 * advances. Such weights were saved inside an epoch, so its value is not theirs.
 */
function areBatches(group: readonly Candidate[]): boolean {
  const pairs = group.map(({ found }) => found.hints.numbers.slice(-2))
  const [first] = pairs
  if (!pairs.every((pair) => pair.length === 2)) return false
  const inOrder = pairs.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d)
  const isAgain = inOrder.some(([epoch = 0, batch = 0], index) => {
    const [before = 0, most = 0] = inOrder[index - 1] ?? []
    return index > 0 && epoch > before && batch <= most
  })
  // A second number that never changes is a version.
  return isAgain && pairs.some(([, batch]) => batch !== first?.[1])
}

function unclearText(number: number): string {
  return `Nothing shows whether its number ${number} counts from 0 or from 1`
}

/** The numbers in names that count like the log; null for names that count epochs if the log counts steps. */
function stepNumbers(
  group: readonly Candidate[],
  history: LogHistory,
  axis: Axis,
): (number | null)[] {
  const { rows } = history
  const isBare = group.some(({ found: { hints } }) => hints.step === null && hints.number !== null)
  const isStep = !axis.isEpochs && isBare && areSteps(group, history)
  return group.map(({ found, facts }) => {
    const { step, epoch, number } = found.hints
    // Without a log, the step in the file is better evidence than the name.
    if (rows.length === 0 && step === null && facts.step !== null) return null
    if (axis.isEpochs) return epoch ?? (step === null ? number : null)
    if (step !== null || number === null) return step
    return isStep ? number : null
  })
}

/**
 * Whether bare numbers are steps: they have rows, and they reach as far as the log does. Otherwise they
 * are epochs.
 */
function areSteps(group: readonly Candidate[], { rows, last }: LogHistory): boolean {
  if (rows.length === 0) return true
  const numbers = group.flatMap(({ found }) => found.hints.number ?? [])
  const steps = new Set(rows.map(({ step }) => step))
  const reached = Math.max(0, ...last.map((step) => step ?? 0))
  const isFar = 2 * Math.max(...numbers) >= reached
  const hits = numbers.filter((number) => steps.has(number) || steps.has(number + 1)).length
  const isBehind = numbers.length > 1 && numbers.every((number) => steps.has(number - 1))
  return isBehind || (hits > 0 && (isFar || 2 * hits >= numbers.length))
}

/** Names of timm, DETR and MAE, of MACE and of Lightning, which have the epoch of their logs. */
const AS_LOGGED =
  /^(checkpoint-?#\.pth(\.tar)?|.+_run-#_epoch-#(_swa)?\.pt|(.*[^a-z])?epoch=#\D.*ckpt)$/
/** AllenNLP names completed epochs, and batches of the next one. */
const COMPLETED = /^model_state_e#_b#\.th$/
const INSIDE = /(^|\/)model_state_e\d+_b0*[1-9]\d*\.th$/

/**
 * The documented way of a program. Keras, TensorFlow and AllenNLP number files from 1, even if their
 * logs start at 0. Lightning names completed steps. A name that is one more than the epoch in its file counts
 * completed epochs.
 */
function usualBase(group: readonly Candidate[], { axis, history }: SignSearch): Base | null {
  const [first] = group
  if (first?.facts.isLightning) return axis.isEpochs ? axis.shift : 0
  const fromOne: Base = axis.shift === 0 && history.rows.some(({ step }) => step === 0) ? -1 : 0
  const { path, file } = first?.found ?? { path: '', file: '' }
  if (AS_LOGGED.test(first?.found.hints.pattern ?? '')) return axis.shift
  const isAllen = COMPLETED.test(first?.found.hints.pattern ?? '')
  const isKeras = /\.(keras|h5|hdf5)$/.test(path) || file.endsWith('.index')
  return isKeras || isAllen || isOneMore(group) ? fromOne : null
}

function isOneMore(group: readonly Candidate[]): boolean {
  const more = group.flatMap(({ found: { hints }, facts }) => {
    const named = hints.epoch ?? hints.number
    return named === null || facts.epoch === null ? [] : [named - facts.epoch]
  })
  return more.length > 0 && more.every((one) => one === 1)
}

/** Uses the counts in files. */
export function fromFacts(search: SignSearch): void {
  const { candidates, axis, ends, add, unclear } = search
  // If files with different numbers share one count, it is from a training before.
  if (isInherited(candidates)) return
  const counts = candidates.map(({ facts }) => (axis.isEpochs ? facts.epoch : facts.step))
  const base = baseOfFacts(search, counts)
  candidates.forEach((one, index) => {
    const number = counts[index]
    const by = `the step count in ${one.facts.file}`
    const more = ownBase(one, axis) ?? base
    if (number == null) add(one, ends.ofFacts(one), by, 'inside')
    else if (more !== null) add(one, number + more, by, 'inside')
    else unclear.set(one, unclearText(number))
  })
}

/** How a file counts whose program is known. */
function ownBase({ facts }: Candidate, { isEpochs }: Axis): Base | null {
  if (facts.isAsLogged) return 0
  return facts.isLightning ? (isEpochs ? 1 : 0) : null
}

/** How the counts in files count: like the names of the same files, if that is known. */
function baseOfFacts(
  { candidates, history, axis, named }: SignSearch,
  counts: readonly (number | null)[],
): Base | null {
  const others = candidates.map((one, index) =>
    ownBase(one, axis) === null ? (counts[index] ?? null) : null,
  )
  const differences = candidates.flatMap((one, index) => {
    const [step, count] = [named.get(one), others[index]]
    return step === undefined || count == null ? [] : [step - count]
  })
  const [difference, ...more] = new Set(differences)
  const byNames = BASES.find((base) => base === difference && more.length === 0)
  const documented = byNames ?? (axis.isEpochs ? null : axis.shift)
  return findBase(numbered(candidates, others, history.rows), history.rows, axis, documented)
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

function numbered(
  candidates: readonly Candidate[],
  numbers: readonly (number | null)[],
  rows: LogHistory['rows'],
): Numbered[] {
  return candidates.flatMap((one, index) => {
    const number = numbers[index] ?? null
    return number === null ? [] : [{ number, values: valuesIn(one, rows) }]
  })
}

/**
 * The metric values in a name and a file. If the log has some of them by name, the others are not
 * used: one of many values may equal any logged one by chance.
 */
export function valuesIn({ found, facts }: Candidate, rows: LogHistory['rows']): WeightsValue[] {
  const inside = Object.entries(facts.values).map(([name, value]) => {
    return { value, digits: null, name: heldOutName(name) }
  })
  const logged = inside.filter(({ name }) => rows.some(({ values }) => Object.hasOwn(values, name)))
  const unnamed = inside.map(({ value }) => ({ value, digits: null }))
  const inName = found.hints.values.map(({ value, digits }) => ({ value, digits }))
  return [...inName, ...(logged.length > 0 ? logged : unnamed)]
}
