import { type Direction, directionOf } from '@bestmark/core'

/** What a backtest replays, and its target metric, as the address holds them. */
export interface BacktestQuery {
  /** Empty for all jobs of the board. */
  project: string
  /** A metric, or `task` for the task metric of each run. */
  target: string
  /** Given if the target's name does not show it. */
  direction: Direction | null
}

const DIRECTIONS: readonly Direction[] = ['min', 'max']

/** Stands for the task metric of each run. */
export const TASK = 'task'

/** Reads an address; invalid parameters are ignored. */
export function readQuery(parameters: Pick<URLSearchParams, 'get'>): BacktestQuery {
  return {
    project: (parameters.get('project') ?? '').trim(),
    target: (parameters.get('target') ?? '').trim().slice(0, 1_000) || TASK,
    direction: DIRECTIONS.find((one) => one === parameters.get('direction')) ?? null,
  }
}

/** Whether the direction of the target must be given. */
export function needsDirection(target: string): boolean {
  return target !== TASK && !target.includes(',') && directionOf(target) === undefined
}

/** A query as input of the procedure. */
export function runInput({ project, target, direction }: BacktestQuery) {
  return {
    target,
    project: project || undefined,
    direction: (needsDirection(target) && direction) || undefined,
  }
}

/** A query as parameters of an address; defaults are left out. */
export function parametersOf({ project, target, direction }: BacktestQuery): URLSearchParams {
  const parameters = new URLSearchParams()
  if (target !== TASK) parameters.set('target', target)
  if (project) parameters.set('project', project)
  if (direction && needsDirection(target)) parameters.set('direction', direction)
  return parameters
}
