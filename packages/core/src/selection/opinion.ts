import type { Checkpoint, Claim, Evaluation } from '../run/rows.ts'
import { isFiniteMeasure } from '../measured.ts'
import type { Direction } from '../run/event.ts'
import { mayBeWhole } from '../run/filesState.ts'
import { isBetter } from '../metric/direction.ts'
import { measureOf, metricNames } from '../metric/evaluations.ts'
import { figure, grouped } from '../metric/figure.ts'
import { directionByRecord } from './recorded.ts'
import type { OpinionReason, Ranked, SecondOpinion } from './selection.ts'

interface OpinionInput {
  claim: Claim
  best: Ranked | null
  metric: string
  direction: Direction
  evaluations: readonly Evaluation[]
  checkpoints: readonly Checkpoint[]
  /** Whether files had to exist to be ranked. */
  among: 'checkpoints' | 'evaluations'
  /** The distance between the run's saves, in steps, if it is declared. */
  save_steps: number | null
}

type Verdict = [because: OpinionReason, text: string]

/**
 * Compares the trainer's recorded best with ours: it agrees, or differs for a reason. A claim without
 * step and path belongs to the step where its value was measured; null if there is none. O(evaluations × metrics), and only where they differ.
 */
export function secondOpinion(given: OpinionInput): SecondOpinion | null {
  const claim = located(given)
  if (!claim) return null
  const input = { ...given, claim }
  const step = input.among === 'evaluations' ? claim.step : (pathStep(claim.path) ?? claim.step)
  const opinion = { path: claim.path, step: claim.step, value: claim.value }
  if (input.best && step === input.best.step) {
    return { ...opinion, agrees: true, because: 'same', text: agreement(input) }
  }
  const [because, text] =
    metricVerdict(input) ?? pointerVerdict(input) ?? filesVerdict(input) ?? orderVerdict(input)
  return { ...opinion, agrees: false, because, text: `The trainer names ${named(claim)}: ${text}.` }
}

function located({ claim, metric, evaluations }: OpinionInput): Claim | undefined {
  if (claim.step !== null || claim.path !== null) return claim
  const { value } = claim
  if (!isFiniteMeasure(value)) return undefined
  const names = [metric, ...metricNames(evaluations)]
  for (const name of names) {
    const measured = evaluations.find((evaluation) => measureOf(evaluation, name) === value)
    if (measured) return { ...claim, step: measured.step }
  }
  return undefined
}

/** The step in a checkpoint folder's name, on any operating system. */
export function pathStep(path: string | null): number | null {
  const step = path?.match(/-(\d+)[\\/]*$/)?.[1]
  return step === undefined ? null : Number(step)
}

function named({ path, step }: Claim): string {
  const folder = path?.split(/[\\/]/).filter(Boolean).at(-1)
  return folder ?? `step ${grouped(step)}`
}

function agreement({ claim, among }: OpinionInput): string {
  const pointer = pathStep(claim.path)
  const astray = among === 'evaluations' && pointer !== null && pointer !== claim.step
  return astray
    ? `The trainer agrees on step ${grouped(claim.step)}, but its record points at ${named(claim)}.`
    : 'The trainer agrees.'
}

function metricVerdict({ claim, metric, evaluations }: OpinionInput): Verdict | undefined {
  const { value } = claim
  if (!isFiniteMeasure(value) || holds(evaluations, metric, value)) return undefined
  const other =
    claim.metric ?? metricNames(evaluations).find((name) => holds(evaluations, name, value))
  if (other === undefined || other === metric) return undefined
  const direction = directionByRecord(other, value, evaluations)
  const direction_words = direction ? ` (${direction})` : ''
  return [
    'other_metric',
    `it decides by ${other}${direction_words}, which is ${figure(value)} there, not by ${metric}`,
  ]
}

function holds(evaluations: readonly Evaluation[], metric: string, value: number): boolean {
  return evaluations.some((evaluation) => measureOf(evaluation, metric) === value)
}

function pointerVerdict({ claim, metric, evaluations, among }: OpinionInput): Verdict | undefined {
  const pointer = pathStep(claim.path)
  if (among === 'evaluations' || pointer === null || !isFiniteMeasure(claim.value)) return undefined
  const measured = evaluations.filter((evaluation) => measureOf(evaluation, metric) === claim.value)
  const [first] = measured
  if (!first || measured.some(({ step }) => step === pointer)) return undefined
  return [
    'stale_pointer',
    `its best ${metric} ${figure(claim.value)} was measured at step ${grouped(first.step)}, not there`,
  ]
}

function filesVerdict({ claim, checkpoints, among }: OpinionInput): Verdict | undefined {
  if (among === 'evaluations') return undefined
  const pointer = pathStep(claim.path) ?? claim.step
  if (pointer === null)
    return ['not_compared', 'its name has no step number, so it cannot be compared']
  const there = checkpoints.findLast(({ step }) => step === pointer)
  if (there && mayBeWhole(there.files_state)) return undefined
  const same = checkpoints.findLast(({ path }) => isPathOf(claim, path))
  if (!there && same && mayBeWhole(same.files_state)) {
    const which =
      same.step === null ? 'its step is unknown' : `it is from step ${grouped(same.step)}`
    return ['not_compared', `its file is there, but ${which}`]
  }
  const why = there?.files_why ? `: ${there.files_why}` : ''
  return [
    'not_on_disk',
    there
      ? `its files are ${there.files_state}${why}`
      : 'it is not among the checkpoints of this run',
  ]
}

/** Whether a claim names a checkpoint's path. The claim may be from another machine. */
function isPathOf(claim: Claim, path: string): boolean {
  const named = `/${(claim.path ?? '').replaceAll('\\', '/')}`
  return claim.path !== null && named.endsWith(`/${path}`)
}

function orderVerdict(input: OpinionInput): Verdict {
  const { claim, best, metric, direction, evaluations } = input
  const claimedStep = claim.step ?? pathStep(claim.path)
  const there = evaluations.find(({ step }) => step === claimedStep)
  const claimed = (there && measureOf(there, metric)) ?? claim.value
  if (!best || !isFiniteMeasure(claimed)) {
    return ['not_compared', `no finite ${metric} was measured at step ${grouped(claimedStep)}`]
  }
  if (claimed === best.value) {
    return [
      'tie',
      `step ${grouped(best.step)} has the same value ${figure(claimed)}, and the first one wins`,
    ]
  }
  if (directionByRecord(metric, claimed, evaluations) === opposite(direction)) {
    return [
      'other_direction',
      `it took the ${direction === 'min' ? 'highest' : 'lowest'} ${metric} for the best`,
    ]
  }
  const at = { step: claimedStep, value: claimed }
  return (
    savesVerdict(input, at) ??
    restartVerdict(input, at) ?? [
      'unknown',
      `${metric} is ${figure(claimed)} there and ${figure(best.value)} at step ${grouped(best.step)}`,
    ]
  )
}

function opposite(direction: Direction): Direction {
  return direction === 'min' ? 'max' : 'min'
}

interface Claimed {
  step: number | null
  value: number
}

/** A trainer that compares only the evaluations at its saves misses the better ones between them. */
function savesVerdict(input: OpinionInput, claimed: Claimed): Verdict | undefined {
  const { metric, save_steps } = input
  if (!save_steps || claimed.step === null || claimed.step % save_steps !== 0) return undefined
  const better = betterThan(claimed.value, input)
  if (better.length === 0 || better.some(({ step }) => step % save_steps === 0)) return undefined
  const count =
    better.length === 1 ? '1 better evaluation is' : `${better.length} better evaluations are`
  return [
    'saves_only',
    `${figure(claimed.value)} is the best ${metric} at its saves, every ${save_steps} steps; ${count} between them`,
  ]
}

/** Better values before the record, and none after them: the trainer's record started again. */
function restartVerdict(input: OpinionInput, claimed: Claimed): Verdict | undefined {
  const { metric } = input
  const beats = betterThan(claimed.value, input)
  const last = beats.at(-1)
  if (!last || claimed.step === null || last.step >= claimed.step) return undefined
  const count = beats.length
  const earlier =
    count === 1
      ? '1 earlier evaluation in its log is'
      : `${count} earlier evaluations in its log are`
  return [
    'record_restarted',
    `its record started again after step ${grouped(last.step)}: ${earlier} better than its best ${metric} ${figure(claimed.value)}`,
  ]
}

/** The evaluations that are better than a value, in order of step. */
function betterThan(
  value: number,
  { metric, direction, evaluations }: OpinionInput,
): readonly Evaluation[] {
  return evaluations.filter((evaluation) => {
    const other = measureOf(evaluation, metric)
    return isFiniteMeasure(other) && isBetter(other, value, direction)
  })
}
