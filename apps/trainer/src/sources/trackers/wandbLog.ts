import { crc32 } from 'node:zlib'
import { CutShort, Message } from '../../files/protobuf.ts'

/** The parts of a record that are read. Values are JSON texts. */
export type WandbRecord =
  | { kind: 'history'; items: [name: string, json: string][] }
  | { kind: 'config'; config: [name: string, json: string][] }
  | {
      kind: 'run'
      run_id: string
      name: string
      project: string
      started_at: number | null
      config: [name: string, json: string][]
    }
  | { kind: 'exit'; code: number }

/** LevelDB's log format: blocks of records, each with a checksum, a length and a part type. */
const BLOCK = 32 << 10
const HEAD = 7
const [FULL, FIRST, LAST] = [1, 2, 4]
/** Fields of `Record` in wandb's wandb_internal.proto. */
const [HISTORY, CONFIG, RUN, EXIT] = [2, 5, 17, 18]

/** The records of a W&B file, in order; undefined for any other file. Damaged records are skipped. */
export function readWandbLog(bytes: Buffer): WandbRecord[] | undefined {
  if (bytes.toString('latin1', 0, 4) !== ':W&B') return undefined
  return joinParts(bytes).flatMap((data) => {
    try {
      return recordIn(data) ?? []
    } catch (error) {
      if (error instanceof CutShort) return []
      throw error
    }
  })
}

function joinParts(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  let parts: Buffer[] = []
  // The file begins with a header of seven bytes.
  for (let at = HEAD; at + HEAD <= bytes.length;) {
    const left = BLOCK - (at % BLOCK)
    if (left < HEAD) {
      at += left
      continue
    }
    const [length, part] = [bytes.readUInt16LE(at + 4), bytes[at + 6] ?? 0]
    const data = bytes.subarray(at + HEAD, at + HEAD + length)
    const isWhole = crc32(bytes.subarray(at + 6, at + HEAD + length)) === bytes.readUInt32LE(at)
    at += HEAD + length
    if (part === FULL || part === FIRST) parts = []
    if (isWhole) parts.push(data)
    if (isWhole && (part === FULL || part === LAST)) found.push(Buffer.concat(parts))
  }
  return found
}

function recordIn(data: Buffer): WandbRecord | undefined {
  const record = new Message(data, 0, data.length)
  while (record.next()) {
    if (record.field === HISTORY) return { kind: 'history', items: itemsOf(record.inner(), 1) }
    if (record.field === CONFIG) return { kind: 'config', config: itemsOf(record.inner(), 1) }
    if (record.field === RUN) return runOf(record.inner())
    if (record.field === EXIT) return { kind: 'exit', code: codeOf(record.inner()) }
    record.skip()
  }
  return undefined
}

/** Items have a key, or a nested key in parts, and a value as JSON. */
function itemsOf(message: Message, field: number): [string, string][] {
  const found: [string, string][] = []
  while (message.next()) {
    if (message.field === field) found.push(itemOf(message.inner()))
    else message.skip()
  }
  return found
}

function itemOf(item: Message): [string, string] {
  let [key, json] = ['', '']
  const nested: string[] = []
  while (item.next()) {
    if (item.field === 1) key = item.text()
    else if (item.field === 2) nested.push(item.text())
    else if (item.field === 16) json = item.text()
    else item.skip()
  }
  return [nested.length > 0 ? nested.join('/') : key, json]
}

function runOf(run: Message): WandbRecord {
  const found = { run_id: '', name: '', project: '', started_at: null as number | null }
  let config: [string, string][] = []
  while (run.next()) {
    if (run.field === 1) found.run_id = run.text()
    else if (run.field === 3) found.project = run.text()
    else if (run.field === 4) config = itemsOf(run.inner(), 1)
    else if (run.field === 8) found.name = run.text()
    else if (run.field === 17) found.started_at = timeOf(run.inner())
    else run.skip()
  }
  return { kind: 'run', ...found, config }
}

/** Seconds and nanoseconds, as milliseconds. */
function timeOf(time: Message): number | null {
  let [seconds, nanos] = [0, 0]
  while (time.next()) {
    if (time.field === 1) seconds = time.varint()
    else if (time.field === 2) nanos = time.varint()
    else time.skip()
  }
  return seconds === 0 ? null : seconds * 1000 + Math.floor(nanos / 1e6)
}

function codeOf(exit: Message): number {
  let code = 0
  while (exit.next()) {
    if (exit.field === 1) code = exit.signed()
    else exit.skip()
  }
  return code
}
