import type { Context, createCaller } from '@bestmark/api'

declare global {
  namespace App {
    interface Locals {
      /** Throws where the database is away. */
      context: () => Context
      /** The procedures, called without HTTP. */
      api: ReturnType<typeof createCaller>
    }
  }
}
