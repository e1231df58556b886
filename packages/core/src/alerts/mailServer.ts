/** A server that sends e-mail. */
export interface MailServer {
  host: string
  port: number
  /** Encrypted from the first byte; otherwise it may become encrypted later. */
  isSecure: boolean
  user: string | null
  password: string | null
}

/** The mail server that an address names; undefined if it names none. */
export function mailServerAt(address: string): MailServer | undefined {
  if (!URL.canParse(address)) return undefined
  const { protocol, hostname, port, username, password, pathname, search } = new URL(address)
  const isSecure = protocol === 'smtps:'
  if ((!isSecure && protocol !== 'smtp:') || hostname === '') return undefined
  if (pathname.replace('/', '') !== '' || search !== '') return undefined
  try {
    return {
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: port === '' ? (isSecure ? 465 : 587) : Number(port),
      isSecure,
      user: username === '' ? null : decodeURIComponent(username),
      password: password === '' ? null : decodeURIComponent(password),
    }
  } catch {
    // A percent sign that encodes nothing.
    return undefined
  }
}
