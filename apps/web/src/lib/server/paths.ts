import { join, resolve } from 'node:path'
import { BESTMARK_CODE, BESTMARK_HOME } from '$app/env/private'
import type { Paths } from '../jobs/waysIn.ts'

/** Where this machine has the program and the data of this board. */
export function boardPaths(): Paths {
  const code = BESTMARK_CODE ? join(BESTMARK_CODE, '/') : ''
  const usual = code && join(code, '.bestmark')
  const home = BESTMARK_HOME ? resolve(BESTMARK_HOME) : usual
  return { code, home: home === usual ? '' : home }
}
