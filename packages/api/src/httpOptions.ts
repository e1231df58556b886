import { BATCH } from '@bestmark/core'
import { appRouter } from './root.ts'

/** The options for serving the procedures over HTTP. */
export const httpOptions = {
  router: appRouter,
  maxBatchSize: BATCH.maxItems,
  // A query that is too long for an address is posted; a mutation is never a GET.
  allowMethodOverride: true,
}
