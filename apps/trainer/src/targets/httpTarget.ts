import { createHmac } from 'node:crypto'
import { problemSentence } from '@bestmark/core'
import { Failure } from '../failure.ts'
import { pause } from '../pause.ts'
import { type Answer, isAccepted, networkProblem, post } from '../webhooks/post.ts'
import { type Delivered, type DeliveryOrder, NotDelivered } from './deliveryOrder.ts'
import type { OptionsOf } from './targetOptions.ts'

/** How much of an answer is kept (characters). */
const MOST_KEPT = 1_000

/** The wait before the second try, which doubles each time, and the longest wait (ms). */
const WAIT = { first: 1_000, longest: 60_000 }

/** Answers that say that the same message may be accepted later. */
const FOR_NOW = new Set([408, 425, 429])

/**
 * Tells a receiver about a version, in a signed message. It tries again if nothing answers, or if the
 * answer is a server's error. Throws NotDelivered if the receiver does not accept it.
 */
export async function sendToReceiver(
  options: OptionsOf<'http'>,
  order: DeliveryOrder,
  signal: AbortSignal,
  wait = WAIT,
): Promise<Delivered> {
  const secret = process.env[options.secret_env]
  if (!secret)
    throw new Failure(`The agent has no variable ${options.secret_env}. Set it and ship again.`)
  const { folder: absolute_path, ...facts } = order
  const body = JSON.stringify({ event: 'model.shipped', ...facts, absolute_path })
  let reason = ''
  for (let tried = 0; tried < options.tries; tried++) {
    const message = { body, secret, id: order.deployment_id }
    const { answer, why } = await attempt(options, message, signal)
    const output = answer ? answer.detail.slice(0, MOST_KEPT).toWellFormed() || null : null
    if (answer && isAccepted(answer.status)) return { output }
    reason = why
    const isFinal = answer && answer.status < 500 && !FOR_NOW.has(answer.status)
    if (isFinal) throw new NotDelivered(sentence(order, why), output)
    const longest = Math.min(wait.longest, wait.first * 2 ** tried)
    if (tried + 1 < options.tries) await pause(Math.max(longest, answer?.retry_after ?? 0), signal)
    signal.throwIfAborted()
  }
  throw new NotDelivered(sentence(order, `${reason} It was tried ${times(options.tries)}.`), null)
}

interface Message {
  body: string
  secret: string
  id: string
}

interface Attempt {
  /** Null if nothing answered. */
  answer: Answer | null
  /** Why the receiver did not accept it, if it did not. */
  why: string
}

async function attempt(
  { url, time_limit }: OptionsOf<'http'>,
  message: Message,
  signal: AbortSignal,
): Promise<Attempt> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(time_limit * 1_000)])
  try {
    const answer = await post(url, message.body, headersOf(message), until)
    return { answer, why: `It answered with status ${answer.status}.` }
  } catch (error) {
    signal.throwIfAborted()
    return { answer: null, why: problemSentence(networkProblem(error)) }
  }
}

/** The signature covers the time, so that a receiver can refuse a message that is sent again later. */
function headersOf({ body, secret, id }: Message): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return {
    'x-bestmark-id': id,
    'x-bestmark-timestamp': timestamp,
    'x-bestmark-signature': `v1=${signature}`,
  }
}

function sentence({ target }: DeliveryOrder, why: string): string {
  return `The receiver of target ${target} did not accept it. ${why}`
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
