import { BATCH } from '@bestmark/core'
import { appRouter } from './root.ts'

/** How the procedures are served over HTTP. */
export const httpOptions = {
  router: appRouter,
  maxBatchSize: BATCH.maxItems,
  // A query that is too long for an address is posted; what writes is still never got.
  allowMethodOverride: true,
}
