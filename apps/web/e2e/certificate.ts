import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate for localhost that signed itself, in files that are removed with it. */
export interface Certificate extends AsyncDisposable {
  paths: { cert: string; key: string }
  cert: Buffer
  key: Buffer
}

export async function newCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-tls-'))
  const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const out = ['-keyout', paths.key, '-out', paths.cert]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', ['req', ...kind, '-days', '1', ...subject, ...out], { stdio: 'ignore' })
  const [cert, key] = [await readFile(paths.cert), await readFile(paths.key)]
  return { paths, cert, key, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}
