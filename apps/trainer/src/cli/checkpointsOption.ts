import { path } from './kind.ts'
import { optional } from './option.ts'

/** Names the weights of a run that are in another folder than its logs. */
export const CHECKPOINTS_OPTION = optional(
  path('PATH'),
  'A weights file of the run, or the folder with its weights. Needed if they are not in the folder of the logs.',
)
