import { path } from './kind.ts'
import { optional } from './option.ts'

/** Which weights belong to a run, where nothing shows it. */
export const CHECKPOINTS_OPTION = optional(
  path('PATH'),
  'The folder of the weights of the run, or one of them, where they lie elsewhere than its logs.',
)
