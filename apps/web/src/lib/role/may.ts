import type { ProcedurePath } from '@bestmark/api/board'
import { page } from '$app/state'

/** Whether the reader of the page may call a procedure; its button is shown only then. */
export function may(procedure: ProcedurePath): boolean {
  // A page that could not be loaded has no data.
  const { denied } = page.data as Partial<typeof page.data>
  return !denied?.includes(procedure)
}
