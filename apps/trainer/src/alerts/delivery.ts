import type { DeliveryProblem } from '@bestmark/core'

/** What became of one message: no problem if it was accepted. */
export interface Delivery {
  problem: DeliveryProblem | null
  /** The wait (ms) that the receiver asked for. */
  retry_after?: number
}
