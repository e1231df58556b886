import type { RecipeParameters } from './recipeParameter.ts'

/** A training program that may be started from the board, as its host publishes it. */
export interface HostRecipe {
  name: string
  /** What it trains, in one line. */
  text: string
  parameters: RecipeParameters
  /** Whether it can continue from a checkpoint. */
  can_resume: boolean
  /** How many of its runs may train at the same time on this host. */
  at_once: number
}

/** The values of a run's parameters, by name. */
export type ParameterValues = Record<string, string | number>

/**
 * An order to start a run. `submitted` means that it waits in Slurm, and `started` means that its program was started; its job shows how it goes.
 * `ended` and `failed` are how the command ended that ran it.
 */
export type RunOrderState =
  'queued' | 'starting' | 'submitted' | 'started' | 'ended' | 'failed' | 'cancelled'
