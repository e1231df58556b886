import { z } from 'zod'
import { MODEL_NAME } from './modelName.ts'

/** A valid name of a target. Apart from `target.ts`, since the page needs no zod. */
export const TargetName = z
  .string()
  .regex(
    MODEL_NAME,
    'a target has at most 64 lower-case letters, digits, dots, dashes and underscores, and begins ' +
      'with a letter or a digit',
  )
