import { z } from 'zod'
import { visible } from '../visible.ts'

/** Why a message was not delivered. `detail` is what the receiver answered, without secrets. */
export const DeliveryProblem = z.discriminatedUnion('code', [
  z.object({ code: z.literal('http'), status: z.number(), detail: z.string() }),
  z.object({ code: z.literal('redirect'), status: z.number() }),
  z.object({ code: z.literal('timeout') }),
  /** `errno` as Node names it, such as ECONNREFUSED. */
  z.object({ code: z.literal('network'), errno: z.string() }),
  /** `errno` as nodemailer names it, such as EAUTH; `status` of the mail server, if it answered. */
  z.object({
    code: z.literal('smtp'),
    errno: z.string(),
    status: z.number().nullable(),
    detail: z.string(),
  }),
])
export type DeliveryProblem = z.infer<typeof DeliveryProblem>

/** What is wrong, and what to do. */
export function problemSentence(problem: DeliveryProblem): string {
  switch (problem.code) {
    case 'http':
      return `The receiver answered ${problem.status}${detailWords(problem.detail)}. ${httpAdvice(problem.status)}`
    case 'redirect':
      return `The address redirects (${problem.status}), and redirects are not followed. Enter the final address.`
    case 'timeout':
      return 'The receiver did not answer in time. Check that this machine can reach it.'
    case 'network':
      return networkSentence(problem.errno)
    case 'smtp': {
      const status = problem.status === null ? '' : ` with ${problem.status}`
      return `The mail server refused the message${status}${detailWords(problem.detail)}. ${mailAdvice(problem.errno)}`
    }
  }
}

function detailWords(detail: string): string {
  return detail === '' ? '' : ` (${visible(detail)})`
}

function httpAdvice(status: number): string {
  if (status === 429)
    return 'It got too many messages. The board waits as long as the receiver wants.'
  if (status >= 500) return 'The receiver has an error. The board tries again.'
  if ([401, 403, 404, 410].includes(status)) {
    return 'Its address is wrong, or was removed there. Make a new one and enter it in the rule.'
  }
  return 'It does not accept this message. Check that the rule has the right kind of receiver.'
}

const NETWORK_ADVICE = new Map([
  ['ENOTFOUND', 'The host name is unknown. Check the address.'],
  ['EAI_AGAIN', 'The host name cannot be looked up now. Check the network of this machine.'],
  ['ECONNREFUSED', 'Nothing listens at this address. Check its host and port.'],
  ['ECONNRESET', 'The receiver closed the connection. Check its address and port.'],
])

function networkSentence(errno: string): string {
  const otherwise = `Cannot connect (${errno}). Check the address, and the network of this machine.`
  return NETWORK_ADVICE.get(errno) ?? otherwise
}

function mailAdvice(errno: string): string {
  if (errno === 'EAUTH') return 'Check the user and the password in the rule.'
  if (errno === 'EENVELOPE') return 'Check the sender and the receivers in the rule.'
  if (errno === 'ETLS') return 'Its encryption does not work. Check the port, or use smtps://.'
  return 'Check the mail server in the rule.'
}
