import type { Destination } from './destination.ts'
import { mailServerAt } from './mailServer.ts'

/** A text of somebody else, such as an answer, without the secrets of a destination. */
export function withoutSecrets(text: string, destination: Destination): string {
  return secretsIn(destination).reduce((clean, secret) => clean.replaceAll(secret, '…'), text)
}

/** The longest first, so that no part of one stays. */
function secretsIn(destination: Destination): string[] {
  if (destination.type === 'desktop') return []
  const parts =
    destination.type === 'email'
      ? mailSecrets(destination.server)
      : [destination.url, ...pathSecrets(new URL(destination.url))]
  return parts.filter((part) => part.length > 3).sort((a, b) => b.length - a.length)
}

function mailSecrets(server: string): string[] {
  const { user = null, password = null } = mailServerAt(server) ?? {}
  const encoded = password && encodeURIComponent(password)
  return [server, user, password, encoded].filter((part) => part !== null)
}

function pathSecrets({ href, pathname, search }: URL): string[] {
  return [href, `${pathname}${search}`, pathname, search, ...pathname.split('/').filter(isLong)]
}

/** Short parts of a path, such as "hooks", are words and no secrets. */
function isLong(part: string): boolean {
  return part.length >= 8
}
