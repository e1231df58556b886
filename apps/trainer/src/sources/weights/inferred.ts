import type { EventOf } from '@bestmark/core'

/** The inferred deciding metric, as fields of a `started` event. */
export type InferredMetric = Pick<
  EventOf<'started'>,
  'metric_for_best' | 'direction' | 'declared_by'
>
