import { namedRecord } from '@bestmark/core'
import type { Transport } from '@sveltejs/kit/hooks'

/** Page data may hold records keyed by names from a run, even `__proto__`. */
export const transport: Transport = { named: namedRecord }
