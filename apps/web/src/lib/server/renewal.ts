import { watchFile } from 'node:fs'
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:tls'
import { tlsOptions } from './httpServer.ts'

/** How often the files of a certificate are looked at (ms). */
const AGAIN = 5_000

export interface CertificateFiles {
  paths: string[]
  /** Reads the certificate and its key. */
  read: () => { cert: Buffer; key: Buffer } | undefined
  say: (line: string) => void
}

/**
 * Gives new connections the renewed certificate once its files have changed. Until a certificate and
 * its key fit together, for example between the writes of both, the earlier ones stay.
 */
export function followRenewals(server: Server, { paths, read, say }: CertificateFiles): void {
  if (!(server instanceof TlsServer)) return
  const renew = () => {
    try {
      const tls = read()
      if (!tls) return
      server.setSecureContext(tlsOptions(tls))
      say('The files of the certificate changed. New connections use them.')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      say(`The files of the certificate changed and cannot be used: ${why} The earlier ones stay.`)
    }
  }
  // Renewals often replace a link or a file, which only its path shows.
  for (const path of paths) watchFile(path, { interval: AGAIN, persistent: false }, renew)
}
