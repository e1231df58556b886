import { textOf } from './xml.ts'

/** An S3 server refused a request, or did not answer. */
export class S3Error extends Error {
  /** 0 if nothing answered. */
  readonly status: number
  /** The server's own code, such as `NoSuchBucket`; empty if it gave none. */
  readonly code: string
  /** The region of the bucket, if the server named it. */
  readonly region: string | null
  /** When the server answered (ms), by its own clock; null if unknown. */
  readonly answered_at: number | null
  /** What the request was, such as `PUT moby/current.json`. */
  readonly request: string
  /** How often the request was sent. */
  tried = 1

  constructor(request: string, facts: Partial<ErrorFacts> & { detail: string }, cause?: unknown) {
    super(facts.detail, { cause })
    this.name = 'S3Error'
    this.request = request
    this.status = facts.status ?? 0
    this.code = facts.code ?? ''
    this.region = facts.region ?? null
    this.answered_at = facts.answered_at ?? null
  }

  /** Whether the same request may succeed later. */
  get isForNow(): boolean {
    return (
      this.status === 0 || this.status >= 500 || FOR_NOW.has(this.status) || LATER.has(this.code)
    )
  }

  /** Whether the server does not accept the credentials. */
  get isOfKeys(): boolean {
    return OF_KEYS.has(this.code)
  }

  /** Whether the bucket is in another region. */
  get isOfRegion(): boolean {
    return OF_REGION.has(this.code) || this.status === 301 || this.status === 307
  }
}

const OF_KEYS = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'InvalidClientTokenId',
  'TokenRefreshRequired',
])
const OF_REGION = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
])

interface ErrorFacts {
  status: number
  code: string
  region: string | null
  answered_at: number | null
}

const FOR_NOW = new Set([408, 425, 429])
const LATER = new Set(['SlowDown', 'RequestTimeout', 'InternalError', 'OperationAborted'])

/** The error of an answer. A request that only asks for headers gets no code. */
export function errorOf(request: string, status: number, headers: Headers, xml: string): S3Error {
  const code = textOf(xml, 'Code') ?? ''
  const detail = textOf(xml, 'Message') ?? ''
  const region = headers.get('x-amz-bucket-region') ?? textOf(xml, 'Region') ?? null
  const date = Date.parse(headers.get('date') ?? '')
  const answered_at = Number.isNaN(date) ? null : date
  return new S3Error(request, { status, code, region, answered_at, detail })
}

/** Whether an error says that an object does not exist. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof S3Error &&
    error.status === 404 &&
    ['', 'NoSuchKey', 'NotFound'].includes(error.code)
  )
}
