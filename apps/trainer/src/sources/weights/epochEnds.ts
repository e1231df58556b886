import type { Candidate } from './candidate.ts'
import type { Axis } from './axis.ts'
import type { LogHistory } from './logHistory.ts'

/** The step at which an epoch ended, in a log that counts steps; undefined if unknown. */
export interface StepOfEpoch {
  ofName: (one: Candidate) => number | undefined
  ofFacts: (one: Candidate) => number | undefined
}

/**
 * Finds the steps at which epochs ended: by the epochs in log rows, else by the number of epochs, if
 * there is one evaluation per epoch or if all epochs have the same length.
 */
export function findEpochEnds(
  candidates: readonly Candidate[],
  history: LogHistory,
  { isEpochs }: Axis,
  total: number | null,
): StepOfEpoch {
  const names = candidates.map(({ found }) => found.hints.epoch ?? found.hints.number)
  const inside = candidates.map(({ facts }) => (facts.step === null ? facts.epoch : null))
  if (isEpochs) return fromOtherNames(candidates)
  const most = (numbers: readonly (number | null)[]): number => {
    return numbers.reduce<number>((most, one) => Math.max(most, one ?? 0), 0)
  }
  const epochs = candidates.map(({ found }) => found.hints.epoch)
  const isLightning = candidates.some(({ facts }) => facts.isLightning)
  const count = total ?? most(epochs) + (epochs.includes(0) ? 1 : 0)
  const named = { numbers: names, add: names.includes(0) ? 1 : 0 }
  const stored = { numbers: inside, add: inside.includes(0) ? 1 : 0 }
  const [ofName, ofFacts] = [named, stored].map(({ numbers, add }) => {
    const stepOf =
      fromRowEpochs(history, numbers, isLightning) ?? shifted(fromEvenSteps(history, count), add)
    return (number: number | null) => (number === null ? undefined : stepOf(number))
  })
  return {
    ofName: ({ found }) => ofName?.(found.hints.epoch ?? found.hints.number),
    ofFacts: ({ facts }) => ofFacts?.(facts.epoch),
  }
}

type StepOf = (epoch: number) => number | undefined

function shifted(stepOf: StepOf, add: number): StepOf {
  return (epoch) => stepOf(epoch + add)
}

/**
 * Uses rows with whole epochs. All numbers show together how they count. If several ways fit equally
 * well, they count like the rows, unless only the rows count from 0.
 */
function fromRowEpochs(
  { rows, epochs_from_zero }: LogHistory,
  numbers: readonly (number | null)[],
  isLightning: boolean,
): StepOf | undefined {
  const ends = new Map(
    rows.flatMap(({ epoch, step }): [number, number][] => {
      const logged = epoch !== null && epochs_from_zero ? Math.ceil(epoch) - 1 : epoch
      return logged !== null && Number.isInteger(logged) ? [[logged, step]] : []
    }),
  )
  if (ends.size < 2) return undefined
  const counts = new Set(numbers.filter((number) => number !== null))
  const isUnclear = !isLightning && ends.has(0) && !counts.has(0)
  const hits = ([0, 1, -1] as const).map((add) => {
    return { add, found: [...counts].filter((number) => ends.has(number + add)).length }
  })
  const most = Math.max(...hits.map(({ found }) => found))
  const [first, ...others] = hits.filter(({ add, found }) => {
    return found === most && (add >= 0 || ends.has(0))
  })
  if (!first || (others.length > 0 && isUnclear)) return () => undefined
  return (epoch) => ends.get(epoch + first.add)
}

function fromEvenSteps({ rows, last }: LogHistory, epochs: number): StepOf {
  const steps = [...new Set(rows.map(({ step }) => step))].filter((step) => step > 0)
  const inOrder = steps.sort((a, b) => a - b)
  const reached = Math.max(0, ...last.map((step) => step ?? 0))
  const perEpoch = reached / epochs
  return (epoch) => {
    if (inOrder.length === epochs) return inOrder[epoch - 1]
    return Number.isInteger(perEpoch) && inOrder.includes(epoch * perEpoch)
      ? epoch * perEpoch
      : undefined
  }
}

/**
 * For a log of epochs and weights that only have steps: uses the steps per epoch of other weights that
 * have both.
 */
function fromOtherNames(candidates: readonly Candidate[]): StepOfEpoch {
  const perEpoch = stepsPerEpoch(candidates)
  const epochOf = (step: number | null): number | undefined => {
    if (step === null || perEpoch === undefined) return undefined
    return Number.isInteger(step / perEpoch) ? step / perEpoch : undefined
  }
  return {
    ofName: ({ found }) => epochOf(found.hints.step),
    ofFacts: ({ facts }) => epochOf(facts.step),
  }
}

function stepsPerEpoch(candidates: readonly Candidate[]): number | undefined {
  const both = candidates.flatMap(({ found: { hints }, facts }) => {
    const epoch = hints.epoch ?? hints.number ?? facts.epoch
    const step = hints.step ?? facts.step
    return epoch === null || step === null || step === 0 ? [] : [{ epoch, step }]
  })
  if (both.length < 2) return undefined
  for (const add of [0, 1]) {
    const [perEpoch, ...others] = new Set(both.map(({ epoch, step }) => step / (epoch + add)))
    if (others.length === 0 && Number.isInteger(perEpoch)) return perEpoch
  }
  return undefined
}
