import { TRPCError } from '@trpc/server'
import type { Caller } from './caller.ts'

/** The most live streams of one token or person; the server has 1,000 connections for all. */
export const MOST_STREAMS = 50

/** How many streams are open, by the id of their token or person. */
const open = new Map<string, number>()

/** The messages of a stream. Throws TOO_MANY_REQUESTS if its caller has too many of them. */
export async function* oneOfMany<T>(
  { token_id, person_id }: Pick<Caller, 'token_id' | 'person_id'>,
  messages: AsyncIterable<T>,
): AsyncGenerator<T, void> {
  const key = token_id ?? person_id ?? ''
  const others = open.get(key) ?? 0
  if (others >= MOST_STREAMS) {
    const who = token_id === null ? 'Your account' : 'This token'
    const message = `${who} has ${others} live streams. Close one, or follow more jobs with each.`
    throw new TRPCError({ code: 'TOO_MANY_REQUESTS', message })
  }
  open.set(key, others + 1)
  try {
    yield* messages
  } finally {
    const left = (open.get(key) ?? 1) - 1
    if (left > 0) open.set(key, left)
    else open.delete(key)
  }
}
