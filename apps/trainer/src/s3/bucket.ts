import { createHash } from 'node:crypto'
import { problemSentence } from '@bestmark/core'
import { AwsV4Signer } from 'aws4fetch'
import { pause } from '../pause.ts'
import { networkProblem } from '../webhooks/post.ts'
import type { Credentials } from './credentials.ts'
import { errorOf, S3Error } from './s3Error.ts'

/** The wait before the second try, which doubles each time, and the longest wait (ms). */
const WAIT = { first: 500, longest: 30_000 }

/** Where a bucket is, and how it is spoken to. */
export interface BucketOptions {
  /** The address of the bucket's root, without a slash at its end. */
  address: string
  region: string
  credentials: Credentials
  /** How often a request is sent before it fails. */
  tries: number
  /** Of one request (s). */
  time_limit: number
  wait?: typeof WAIT
}

/** One request about an object, or about the bucket if the key is empty. */
export interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Buffer
}

export interface S3Answer {
  headers: Headers
  body: Buffer
}

/** A bucket of any S3 server. */
export class Bucket {
  readonly #options: BucketOptions
  readonly #signal: AbortSignal
  /** Keys of the signatures of one day. */
  readonly #cache = new Map<string, ArrayBuffer>()

  constructor(options: BucketOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /**
   * Sends a request, again with growing waits if the server is too busy, fails or does not answer.
   * Throws S3Error, and the signal's reason.
   */
  async send(request: S3Request): Promise<S3Answer> {
    const { tries, wait = WAIT } = this.#options
    for (let tried = 1; ; tried++) {
      this.#signal.throwIfAborted()
      const answer = await this.#attempt(request)
      if (!(answer instanceof S3Error)) return answer
      answer.tried = tried
      if (!answer.isForNow || tried >= tries) throw answer
      // A random part keeps agents apart that were refused at once.
      const longest = Math.min(wait.longest, wait.first * 2 ** (tried - 1))
      await pause(longest * (0.5 + Math.random() / 2), this.#signal)
    }
  }

  async #attempt({
    method,
    key = '',
    query,
    headers,
    body,
  }: S3Request): Promise<S3Answer | S3Error> {
    const { address, region, credentials, time_limit } = this.#options
    const signer = new AwsV4Signer({
      ...{ method, url: `${address}/${encoded(key)}${queryText(query)}`, region, service: 's3' },
      // The server refuses a body that is not what was signed.
      headers: { ...headers, 'x-amz-content-sha256': sha256(body ?? '') },
      ...{ ...credentials, cache: this.#cache },
    })
    const { url, headers: signed } = await signer.sign()
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(time_limit * 1_000)])
    const what = `${method} ${key || 'the bucket'}`
    try {
      const init = { method, headers: signed, redirect: 'manual', signal } as const
      const answer = await fetch(url, body ? { ...init, body: new Uint8Array(body) } : init)
      const content = Buffer.from(await answer.arrayBuffer())
      const { status } = answer
      // The server may begin to answer before it knows whether it succeeds.
      const isError = !answer.ok || (method === 'POST' && content.includes('<Error>'))
      if (!isError) return { headers: answer.headers, body: content }
      return errorOf(what, answer.ok ? 500 : status, answer.headers, content.toString('utf8'))
    } catch (error) {
      this.#signal.throwIfAborted()
      return new S3Error(what, { detail: problemSentence(networkProblem(error)) }, error)
    }
  }
}

function sha256(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex')
}

function encoded(key: string): string {
  return key.split('/').map(encodeWord).join('/')
}

function queryText(query: Record<string, string> = {}): string {
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeWord(value)}`)
  return words.length > 0 ? `?${words.join('&')}` : ''
}

/** All characters but the unreserved ones of RFC 3986, as signatures need it. */
function encodeWord(word: string): string {
  const percent = (letter: string): string => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
  return encodeURIComponent(word).replaceAll(/[!'()*]/g, percent)
}
