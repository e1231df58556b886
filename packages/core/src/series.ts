/**
 * A named stream that a run logs, as three columns of equal length in order of arrival.
 * `steps` are optimiser steps, `times` milliseconds since the epoch (NaN where unknown).
 */
export interface Series {
  steps: Float64Array
  values: Float64Array
  times: Float64Array
}
