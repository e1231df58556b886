import type { ContentState } from '@bestmark/core'
import {
  FILES_AT_ONCE,
  IngestRefused,
  LARGEST_CONTENT,
  noteOffered,
  sentState,
  storeSent,
  wantedFiles,
} from '@bestmark/db'
import { z } from 'zod'
import { answering, type IngestRequest, type Sending } from './answering.ts'
import { bytesOf } from './body.ts'
import { idIn } from './pieceHeaders.ts'
import { keyOf, SendingRate } from './rate.ts'

/** How many files a sender may send per minute, and how many bytes, besides its journals. */
const rate = new SendingRate({ pieces: 600, bytes: 256 << 20 })

const Digest = z.string().regex(/^[\da-f]{64}$/)
const Size = z.number().int().nonnegative()
const Offers = z.object({
  files: z
    .array(
      z.union([
        z.object({ sample_id: z.uuid(), sha256: Digest, bytes: Size }),
        z.object({
          sample_id: z.uuid(),
          content_state: z.enum(['too_large', 'not_media', 'outside', 'missing']),
          bytes: Size.nullable(),
        }),
      ]),
    )
    .max(FILES_AT_ONCE),
})
/** The most bytes of a list of offered files. */
const LONGEST_OFFER = 1 << 16

/**
 * Answers a GET with the files of samples that the board lacks. A POST says what the sender has of
 * them; its answer names those to send.
 */
export async function answerSamples(asked: IngestRequest): Promise<Response> {
  return answering(asked, async ({ db, job_id, limit, sender }) => {
    if (asked.request.method !== 'POST') {
      return { largest: LARGEST_CONTENT, wanted: await wantedFiles(db, job_id, limit) }
    }
    const limiter = asked.rate ?? rate
    limiter.assert(keyOf(sender))
    const { files } = await offersIn(asked.request)
    limiter.note(keyOf(sender), 0)
    return { missing: await noteOffered(db, job_id, files, limit) }
  })
}

/** Answers a GET with the state of a sample's file on the board, and a POST of the file with the same after it. */
export async function answerSampleFile(
  asked: IngestRequest & { sample_id: string },
): Promise<Response> {
  return answering(asked, async (sending) => {
    const { db, job_id, limit } = sending
    const sample_id = idIn(asked.sample_id)
    const isFile = asked.request.method === 'POST'
    const content_state = await (isFile
      ? receive(asked, { ...sending, sample_id })
      : sentState(db, job_id, sample_id, limit))
    return { sample_id, content_state }
  })
}

async function receive(
  { request, rate: limiter = rate }: IngestRequest,
  { db, job_id, sample_id, limit, sender }: Sending & { sample_id: string },
): Promise<ContentState> {
  limiter.assert(keyOf(sender))
  const { data: sha256 } = Digest.safeParse(request.headers.get('bestmark-sha256'))
  if (sha256 === undefined) throw invalid('Bestmark-Sha256 must be the SHA-256 of the file in hex.')
  const content = await bytesOf(request, LARGEST_CONTENT, tooLarge)
  limiter.note(keyOf(sender), content.length)
  return storeSent(db, job_id, { sample_id, sha256, content }, limit)
}

async function offersIn(request: Request): Promise<z.infer<typeof Offers>> {
  const refused = invalid(`The body must be JSON with at most ${FILES_AT_ONCE} files.`)
  const text = (await bytesOf(request, LONGEST_OFFER, () => refused)).toString()
  try {
    return Offers.parse(JSON.parse(text))
  } catch {
    throw refused
  }
}

function invalid(text: string): IngestRefused {
  return new IngestRefused('request_invalid', text)
}

function tooLarge(): IngestRefused {
  return new IngestRefused('file_too_large', `A file has at most ${LARGEST_CONTENT} bytes.`)
}
