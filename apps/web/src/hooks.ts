import { namedRecord } from '@bestmark/core'
import type { Transport } from '@sveltejs/kit/hooks'

/** Page data may hold records by names from a run, `__proto__` among them. */
export const transport: Transport = { named: namedRecord }
