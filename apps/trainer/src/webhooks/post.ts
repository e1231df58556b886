import type { DeliveryProblem } from '@bestmark/core'
import { systemCode } from '../failure.ts'

/** How much of an answer is read (characters). */
const MOST_READ = 4_096

/** The answer of a receiver. */
export interface Answer {
  status: number
  /** Its beginning; empty for a redirect. */
  detail: string
  /** The wait (ms) that the receiver asked for; 0 if it asked for none. */
  retry_after: number
}

/**
 * Posts a JSON text. Redirects are not followed, since the address is a secret. Throws what `fetch`
 * throws if nothing answers.
 */
export async function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'Bestmark', ...headers },
    body,
    redirect: 'manual',
    signal,
  })
  const { status } = answer
  if (!isRedirect(status)) {
    return { status, detail: await beginningOf(answer), retry_after: retryAfter(answer.headers) }
  }
  await answer.body?.cancel()
  return { status, detail: '', retry_after: 0 }
}

export function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

export function isAccepted(status: number): boolean {
  return status >= 200 && status < 300
}

/** Why nothing answered. `fetch` puts the error of the network into the cause of its own. */
export function networkProblem(error: unknown): DeliveryProblem {
  if (!(error instanceof Error)) return { code: 'network', errno: 'unknown' }
  if (error.name === 'TimeoutError') return { code: 'timeout' }
  const { cause } = error
  // A name with several addresses gives an error for each.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  return { code: 'network', errno: systemCode(cause) ?? systemCode(first) ?? error.name }
}

async function beginningOf({ body }: Response): Promise<string> {
  let text = ''
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (text.length > MOST_READ) break
  }
  return text.trim()
}

function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get('retry-after'))
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 86_400) * 1_000 : 0
}
