import { type Measured, setOwn, type TrainingEvent, admitAll } from '@bestmark/core'
import { Listing } from '../../files/listing.ts'
import { noProgress } from '../events/attempts.ts'
import { endedEvent, measuredEvents, startedEvent } from '../events/newEvents.ts'
import { heldOutName, isHeldOut, findTrainingLoss } from '../events/names.ts'
import { savedEvents } from '../events/savedFiles.ts'
import { emptyHistory, addToHistory } from '../weights/logHistory.ts'
import type { Axis } from '../weights/axis.ts'
import type { Candidate } from '../weights/candidate.ts'
import type { Facts } from '../weights/facts.ts'
import { findCandidates, findSavedWeights } from '../weights/savedWeights.ts'

/** One value that a tracker stored. */
export interface Point {
  step: number
  epoch: number | null
  /** Milliseconds since 1970. */
  at: number | null
  name: string
  value: Measured
  file: string
  line: number | null
}

/** A run that a tracker stored. */
export interface TrackedRun {
  config: Record<string, unknown>
  started_at: number | null
  ended_at: number | null
  /** How it ended; null while it is running. */
  status: 'completed' | 'failed' | 'stopped' | null
  points: Point[]
}

/** The events of a tracked run, with the weights below its root. */
export async function trackedEvents(
  root: string,
  { config, started_at, ended_at, status, points }: TrackedRun,
): Promise<TrainingEvent[]> {
  const listing = new Listing(root)
  const { add, axis } = countOf(points, await findCandidates(listing))
  const counted = points.map((point) => ({ ...point, step: point.step + add }))
  const measured = admitAll(measuredIn(counted), 'metrics')
  const history = emptyHistory()
  addToHistory(history, measured)
  const declares = declaredIn(config)
  const metric = declares?.metric_for_best ?? null
  const saved = await findSavedWeights(listing, history, axis, {
    metric,
    total_epochs: null,
  })
  const events = [
    startedEvent({ config, at: started_at, ...declares }),
    ...measured,
    ...(await savedEvents(root, saved, {}, noProgress())),
    ...(status === null ? [] : [{ ...endedEvent(0, status), at: ended_at }]),
  ]
  return admitAll(events, 'metrics')
}

/**
 * How a tracked run of Lightning counts, by its weights, which have completed steps and the epoch from
 * 0: its loggers count batches from 0, and MLflow's own logging counts epochs from 0. `add` makes
 * completed ones of both.
 */
function countOf(
  points: readonly Point[],
  candidates: readonly Candidate[],
): { add: 0 | 1; axis: Axis } {
  const evaluated = new Set(points.flatMap(({ name, step }) => (isHeldOut(name) ? [step] : [])))
  const saved = candidates.map(({ facts }) => facts).filter(({ isLightning }) => isLightning)
  const areAll = (countIn: (one: Facts) => number | null): boolean => {
    return saved.length > 0 && saved.every((one) => evaluated.has(countIn(one) ?? NaN))
  }
  // Epochs of several steps are evaluated at steps that do not follow each other.
  const isEach = [...Array(evaluated.size).keys()].every((count) => evaluated.has(count))
  const isLong = saved.some(({ step, epoch }) => (step ?? 0) > (epoch ?? 0) + 1)
  if (isEach && isLong && areAll(({ epoch }) => epoch)) return { add: 1, axis: EPOCHS }
  const isBehind =
    !areAll(({ step }) => step) && areAll(({ step }) => (step === null ? null : step - 1))
  return { add: isBehind ? 1 : 0, axis: STEPS }
}

const STEPS: Axis = { isEpochs: false, shift: 0 }
const EPOCHS: Axis = { isEpochs: true, shift: 1 }

/** The declared metric. HuggingFace's Trainer logs its arguments to every tracker. */
function declaredIn(config: Readonly<Record<string, unknown>>) {
  const [metric, greater] = [config['metric_for_best_model'], config['greater_is_better']]
  if (typeof metric !== 'string' || metric === '' || metric === 'None') return undefined
  const [isMax, isMin] = [true, false].map((one) => String(greater).toLowerCase() === String(one))
  const direction = isMax ? ('max' as const) : isMin ? ('min' as const) : null
  const declared_by = 'metric_for_best_model in its configuration'
  return { metric_for_best: heldOutName(metric), direction, declared_by }
}

/** The measurements, grouped by step and in order of steps. */
function measuredIn(points: readonly Point[]): TrainingEvent[] {
  const loss = findTrainingLoss([...new Set(points.map(({ name }) => name))])
  const steps = Map.groupBy(points, ({ step }) => step)
  return [...steps]
    .sort(([a], [b]) => a - b)
    .flatMap(([, here]) => [...Map.groupBy(here, ({ file, line }) => `${file} ${line}`).values()])
    .flatMap((together) => {
      const [first] = together
      if (!first) return []
      const { step, epoch, at, file, line } = first
      const kinds = { metrics: {}, evaluation: {} }
      for (const { name, value } of together) {
        const isEvaluated = isHeldOut(name)
        const metric = isEvaluated ? heldOutName(name) : name === loss ? 'loss' : name
        setOwn(isEvaluated ? kinds.evaluation : kinds.metrics, metric, value)
      }
      return measuredEvents({ attempt: 0, step, epoch, at }, kinds, { file, line })
    })
}
