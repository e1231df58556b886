import { servingOf } from '@bestmark/api/board'
import * as env from '$app/env/private'
import { hostRule } from './access.ts'
import { hostRefusal } from './refusals.ts'

/** How this board is served. */
export const serving = servingOf(env)

/** Whether a Host header names this board. */
export const acceptsHost = hostRule(serving)

export const refuseHost = hostRefusal(serving)
