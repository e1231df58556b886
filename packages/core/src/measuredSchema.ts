import { z } from 'zod'
import { readMeasured } from './measured.ts'

/** A measurement as one of a schema's values. */
export const Measured = z
  .custom<number>((value) => typeof value === 'number', 'expected a number, NaN or ±Infinity')
  .nullable()
export type Measured = z.infer<typeof Measured>

/** A `Measured` in JSON: a number, null, or one of the three strings. */
export const MeasuredInJson = z
  .custom<unknown>((value) => readMeasured(value) !== undefined, 'expected a number or "NaN"')
  .transform((value) => readMeasured(value) ?? null)
