import { broken, bytesAt, type ByteSource, type WeightsCheck, WHOLE } from './bytes.ts'

/** What follows a value's first byte: bytes of its length, more bytes, and values inside it. */
interface Form {
  /** Bytes of the length of what follows; 0 if `bytes` or `values` are fixed. */
  length: 0 | 1 | 2 | 4
  bytes: number
  values: number
  /** Whether the length counts bytes, values, or pairs of values. */
  of: 'bytes' | 'values' | 'pairs'
}

const form = (length: Form['length'], of: Form['of'] = 'bytes', bytes = 0, values = 0): Form => {
  return { length, of, bytes, values }
}

/** The forms of first bytes from 0xc0 to 0xdf (msgpack's specification). */
const FORMS: readonly Form[] = [
  ...[form(0), form(0), form(0), form(0), form(1), form(2), form(4)],
  ...([1, 2, 4] as const).map((length) => form(length, 'bytes', 1)),
  ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17].map((bytes) => form(0, 'bytes', bytes)),
  ...[form(1), form(2), form(4)],
  ...[form(2, 'values'), form(4, 'values'), form(2, 'pairs'), form(4, 'pairs')],
]
const PIECE = 1 << 16
/** A state has far fewer values: each of its arrays is one. */
const MOST = 4_000_000

/** Whether a file begins like flax's state: a map whose first name is of its usual ones. */
export function isFlaxState(head: Buffer): boolean {
  const first = head[0] ?? 0
  const at = first === 0xde ? 3 : first === 0xdf ? 5 : (first & 0xf0) === 0x80 ? 1 : -1
  const text = head.toString('latin1')
  return (
    at > 0 &&
    /^[\xa1-\xbf](step|params|opt_state|model|state|target|batch_stats|\d)/.test(text.slice(at))
  )
}

/** Checks that a msgpack value, which says how long it is, is complete. O(values). */
export async function checkMsgpack(file: ByteSource, bytes: number): Promise<WeightsCheck> {
  let [offset, left, start] = [0, 1, 0]
  let piece: Buffer = Buffer.alloc(0)
  for (let seen = 0; left > 0 && offset < bytes; seen++) {
    if (seen > MOST) return { problem: null, ends: false }
    if (offset < start || offset + 5 > start + piece.length) {
      piece = await bytesAt(file, offset, PIECE)
      start = offset
    }
    const value = formOf(piece, offset - start)
    if (!value) break
    offset += value.bytes
    left += value.values - 1
  }
  if (left === 0 && offset === bytes) return WHOLE
  return offset > bytes || left > 0
    ? broken('cut_short', 'is cut short within its msgpack data')
    : { problem: null, ends: false }
}

/** The bytes of a value without the values inside it, and their number. */
function formOf(piece: Buffer, at: number): { bytes: number; values: number } | undefined {
  const first = piece[at]
  if (first === undefined) return undefined
  if (first <= 0x7f || first >= 0xe0) return { bytes: 1, values: 0 }
  if (first <= 0x8f) return { bytes: 1, values: 2 * (first & 0x0f) }
  if (first <= 0x9f) return { bytes: 1, values: first & 0x0f }
  if (first <= 0xbf) return { bytes: 1 + (first & 0x1f), values: 0 }
  const { length, of, bytes, values } = FORMS[first - 0xc0] ?? form(0)
  if (length === 0) return { bytes: 1 + bytes, values }
  if (at + 1 + length > piece.length) return undefined
  const count = piece.readUIntBE(at + 1, length)
  const inside = of === 'pairs' ? 2 * count : count
  return of === 'bytes'
    ? { bytes: 1 + length + bytes + count, values: 0 }
    : { bytes: 1 + length, values: inside }
}
