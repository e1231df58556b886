import { TRPCError } from '@trpc/server'

/** The most live streams of one token; the server has 1,000 connections for all. */
export const MOST_STREAMS = 50

/** How many streams are open, by the id of their token. */
const open = new Map<string, number>()

/** The messages of a stream. Throws TOO_MANY_REQUESTS if its token has too many of them. */
export async function* oneOfMany<T>(
  token_id: string,
  messages: AsyncIterable<T>,
): AsyncGenerator<T, void> {
  const others = open.get(token_id) ?? 0
  if (others >= MOST_STREAMS) {
    const message = `This token has ${others} live streams. Close one, or follow more jobs with each.`
    throw new TRPCError({ code: 'TOO_MANY_REQUESTS', message })
  }
  open.set(token_id, others + 1)
  try {
    yield* messages
  } finally {
    const left = (open.get(token_id) ?? 1) - 1
    if (left > 0) open.set(token_id, left)
    else open.delete(token_id)
  }
}
