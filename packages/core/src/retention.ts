import type { FilesState } from './run/event.ts'
import type { Selection } from './selection/selection.ts'

/** A checkpoint that may be kept or removed. */
export interface Prunable {
  attempt: number
  step: number | null
  path: string
  files_state: FilesState
  bytes: number | null
  pinned: boolean
  shipped: boolean
  /** Its path below the root with links resolved; `path` if left out. */
  resolved_path?: string
  /** Why it is never removed, such as because it is a log of the run. */
  kept_because?: string | undefined
  /** Paths outside its folder that it needs, such as the targets of its links. */
  needs?: readonly string[]
}

/** How many checkpoints are always kept. */
export interface RetentionOptions {
  /** The first ranks; the best is always kept. */
  keep_best: number
  /** The latest complete checkpoints; at least one is kept. */
  keep_last: number
}

/** The checkpoints that are kept, with all reasons, and those to remove; both by step. */
export interface Retention<Row extends Prunable = Prunable> {
  stays: { checkpoint: Row; why: string[] }[]
  goes: Row[]
}

/**
 * Which checkpoints of a run may be removed: those that have files and that no rule keeps. Kept are
 * the best, the latest, pinned and shipped ones, the trainer's recorded best, those still being
 * written, and those without a step.
 */
export function retention<Row extends Prunable>(
  checkpoints: readonly Row[],
  selection: Pick<Selection, 'ranking' | 'best' | 'second_opinion'>,
  { keep_best, keep_last }: RetentionOptions,
): Retention<Row> {
  const there = checkpoints.filter(({ files_state }) => files_state !== 'missing')
  const best = new Map(
    selection.ranking
      .slice(0, keep_best)
      .map(({ path }, index) => [path, `its rank is ${index + 1}`]),
  )
  if (selection.best) best.set(selection.best.path, 'it is the best')
  const whole = there.filter(({ step, files_state }) => step !== null && files_state === 'complete')
  const latest = whole.toSorted(byAge).slice(-Math.max(1, keep_last)).reverse()
  const last = new Map(latest.map(({ path }, index) => [path, ageWords(index)]))
  const claimed = selection.second_opinion?.path ?? null
  const reasoned = there.map((checkpoint) => {
    const { path, step, pinned, shipped, files_state, kept_because } = checkpoint
    const why = [
      kept_because,
      best.get(path),
      last.get(path),
      pinned ? 'it is pinned' : undefined,
      shipped ? 'it was shipped' : undefined,
      claimed !== null && isNamed(path, claimed) ? 'the trainer names it as its best' : undefined,
      files_state === 'writing' ? 'it is still being written' : undefined,
      step === null ? 'its step is unknown' : undefined,
    ]
    return { checkpoint, why: why.filter((words) => words !== undefined) }
  })
  const withKept = withNeeded(reasoned)
  const stays = withKept.filter(({ why }) => why.length > 0)
  const goes = withKept.filter(({ why }) => why.length === 0)
  return { stays, goes: goes.map(({ checkpoint }) => checkpoint) }
}

interface Reasoned<Row extends Prunable> {
  checkpoint: Row
  why: string[]
}

/** Also keeps the parts of kept checkpoints, and the folders that contain them. */
function withNeeded<Row extends Prunable>(reasoned: readonly Reasoned<Row>[]): Reasoned<Row>[] {
  const stays = reasoned.filter(({ why }) => why.length > 0)
  // A checkpoint that is added here may need others, so the loop continues with it.
  for (const { checkpoint } of stays) {
    for (const one of reasoned) {
      const words =
        one.why.length === 0 ? partOf(resolvedPath(one.checkpoint), checkpoint) : undefined
      if (words === undefined) continue
      one.why.push(words)
      stays.push(one)
    }
  }
  const kept = stays.map(({ checkpoint }) => resolvedPath(checkpoint))
  return reasoned.map(({ checkpoint, why }) => {
    const resolved = resolvedPath(checkpoint)
    const holds = kept.some((path) => path !== resolved && isWithin(path, resolved))
    return { checkpoint, why: holds ? [...why, 'it contains a checkpoint that is kept'] : why }
  })
}

/** Why a path cannot be removed while another checkpoint is kept. The run's root itself does not count. */
function partOf(path: string, checkpoint: Prunable): string | undefined {
  const { needs = [] } = checkpoint
  const kept = resolvedPath(checkpoint)
  if (parts(kept).length > 0 && isWithin(path, kept))
    return 'it is inside a checkpoint that is kept'
  const isNeeded = needs.some((needed) => isWithin(needed, path) || isWithin(path, needed))
  return isNeeded ? 'a kept checkpoint needs its files' : undefined
}

function resolvedPath({ path, resolved_path }: Prunable): string {
  return resolved_path ?? path
}

function ageWords(index: number): string {
  return index === 0 ? 'it is the latest' : `it is number ${index + 1} of the latest`
}

function byAge(a: Prunable, b: Prunable): number {
  return a.attempt - b.attempt || (a.step ?? 0) - (b.step ?? 0)
}

/** The trainer records a path of its own machine, so only the folder's name is compared. */
function isNamed(path: string, claimed: string): boolean {
  const name = (text: string) => text.split(/[\\/]/).findLast(Boolean)
  return name(path) === name(claimed)
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part && part !== '.')
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [parts(path), parts(folder)]
  return outer.every((part, index) => inner[index] === part)
}
