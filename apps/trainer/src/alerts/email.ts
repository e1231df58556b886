import {
  type Destination,
  type DeliveryProblem,
  mailServerAt,
  withoutSecrets,
} from '@bestmark/core'
import type { ClaimedAlert } from '@bestmark/db'
import { createTransport } from 'nodemailer'
import { z } from 'zod'
import type { Delivery } from './delivery.ts'
import { linkOf, mailOf } from './messages.ts'

type Email = Extract<Destination, { type: 'email' }>

/** The most characters of a mail server's answer that are stored. */
const MOST = 200

/** Sends an alert by e-mail. A password is sent to another machine only over TLS. */
export async function sendByEmail(
  alert: ClaimedAlert,
  email: Email,
  board: string,
  signal: AbortSignal,
): Promise<Delivery> {
  const server = mailServerAt(email.server)
  if (!server) throw new Error('A stored mail server has no valid address.')
  const { host, port, isSecure, user, password } = server
  const transport = createTransport({
    ...{ host, port, secure: isSecure },
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    requireTLS: !isSecure && user !== null && !isLoopback(host),
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
  try {
    const { from, to } = email
    // The receiver recognises a message that is sent twice by its id.
    const messageId = `<alert-${alert.alert_id}-${alert.rule_id}@bestmark>`
    await transport.sendMail({
      from,
      to,
      messageId,
      signal,
      ...mailOf(alert, linkOf(alert, board)),
    })
    return { problem: null }
  } catch (error) {
    return { problem: problemOf(error, email) }
  } finally {
    transport.close()
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)
}

/** Errors of nodemailer have a code, and what the server answered. */
function problemOf(error: unknown, email: Email): DeliveryProblem {
  const { code, response, responseCode, originalCode } = fieldsOf(error)
  if (code === 'EABORT' || code === 'ETIMEDOUT') return { code: 'timeout' }
  if (responseCode === null && UNREACHED.has(code)) {
    return { code: 'network', errno: originalCode ?? code }
  }
  const detail = withoutSecrets(response, email).slice(0, MOST).toWellFormed()
  return { code: 'smtp', errno: code, status: responseCode, detail }
}

/** Codes of nodemailer for a server that it could not talk to. */
const UNREACHED = new Set(['ESOCKET', 'EDNS', 'ECONNECTION'])

const MailError = z.object({
  code: z.string().catch('unknown'),
  /** The system's code, such as ECONNREFUSED. */
  originalCode: z.string().nullable().catch(null),
  response: z.string().catch(''),
  responseCode: z.number().nullable().catch(null),
})

function fieldsOf(error: unknown): z.infer<typeof MailError> {
  return MailError.parse(error instanceof Error ? { ...error } : {})
}
