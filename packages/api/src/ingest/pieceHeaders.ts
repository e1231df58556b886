import { IngestRefused, type SentPiece } from '@bestmark/db'
import { z } from 'zod'

const Count = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)

const PieceHeaders = z.object({
  'bestmark-offset': Count,
  'bestmark-crc32': Count.optional(),
  'bestmark-replaces': Count.optional(),
  'bestmark-host': z.string().max(1_000).default('unknown'),
  'bestmark-folder': z.string().max(20_000).default('.'),
})

/** What the headers of a request say of its piece. Throws IngestRefused. */
export function headersOf(headers: Headers): Omit<SentPiece, 'bytes'> {
  const { data, error } = PieceHeaders.safeParse(Object.fromEntries(headers))
  if (!data) {
    const [field] = error.issues[0]?.path ?? []
    const text = `The header ${String(field)} is missing or not valid. Bestmark-Offset says how many bytes of the journal are before this piece.`
    throw new IngestRefused('request_invalid', text)
  }
  return {
    offset: data['bestmark-offset'],
    crc32: data['bestmark-crc32'] ?? null,
    replaces: data['bestmark-replaces'] ?? null,
    host: decoded(data['bestmark-host']),
    root: decoded(data['bestmark-folder']),
  }
}

/** A header has only ASCII, so other characters are percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The id of a job, or of a sample, in an address. Throws IngestRefused. */
export function idIn(text: string): string {
  const { data } = z.uuid().toLowerCase().safeParse(text)
  if (data !== undefined) return data
  throw new IngestRefused('request_invalid', `The address must have an id; got "${text}".`)
}
