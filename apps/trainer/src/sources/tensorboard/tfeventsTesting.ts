import { maskedCrc } from './tfrecord.ts'

/** A value in an event file: a plain number, or a tensor with one element. */
interface Written {
  tag: string
  value: number
  as?: 'simple_value' | 'tensor'
}

function field(number: number, wire: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + wire), bytes])
}

/** Negative numbers are written as 64-bit two's complement. */
function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest /= 128n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)])
    bytes.push(Number(rest % 128n) + 128)
  }
}

function block(number: number, bytes: Buffer): Buffer {
  return field(number, 2, Buffer.concat([varint(bytes.length), bytes]))
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

/** One record of an event file, with its checksums. */
export function eventRecord(
  step: number | bigint,
  values: readonly Written[],
  wall_time = 1,
): Buffer {
  const time = Buffer.alloc(8)
  time.writeDoubleLE(wall_time)
  const summary = values.map(({ tag, value, as = 'simple_value' }) => {
    const number =
      as === 'simple_value'
        ? field(2, 5, float(value))
        : block(8, Buffer.concat([field(1, 0, varint(1)), block(4, float(value))]))
    return block(1, Buffer.concat([block(1, Buffer.from(tag)), number]))
  })
  const event = [field(1, 1, time), field(2, 0, varint(step)), block(5, Buffer.concat(summary))]
  return record(Buffer.concat(event))
}

/** Bytes as a TFRecord. */
export function record(bytes: Buffer): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  const crc = (of: Buffer): Buffer => {
    const found = Buffer.alloc(4)
    found.writeUInt32LE(maskedCrc(of, 0, of.length))
    return found
  }
  return Buffer.concat([length, crc(length), bytes, crc(bytes)])
}
