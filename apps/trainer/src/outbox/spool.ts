import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  JOURNAL_START,
  type JournalHeader,
  LONGEST_LINE,
  measuredJson,
  readPiece,
  type TrainingEvent,
} from '@bestmark/core'
import { z } from 'zod'
import { jsonObject } from '../files/json.ts'
import { readBytes } from '../files/lines.ts'
import { openFile, openToAppend, statIfSeen } from '../files/runFile.ts'
import { KeptSamples } from './keptSamples.ts'
import { readIfThere } from '../processes/alive.ts'

const Shift = z.object({
  shift: z.number(),
  known: z
    .object({
      attempt: z.number(),
      step: z.number(),
      parts: z.array(z.object({ attempt: z.number(), step: z.number(), shift: z.number() })),
      trained: z.number(),
      resumed_from: z.number().nullable(),
    })
    .optional(),
})

/** What is in a spool, and how far the run's files were read for it. */
export const SpoolState = z.object({
  version: z.literal(1),
  job_id: z.uuid(),
  root: z.string(),
  /** Which file has the journal: a journal that begins again is a new file. */
  file: z.number().int().nonnegative(),
  /** How many bytes of the file are complete. What follows them was not finished. */
  bytes: z.number().int().positive(),
  /** Where the events of the files as they are now begin; earlier ones are of an earlier part. */
  base: z.number().int().positive(),
  /** The cursor of the reader; null before the first piece. */
  cursor: z.string().nullable(),
  /** The names of its sources. */
  sources: z.string(),
  /** How the attempts in the files are counted in the journal. */
  counting: Shift,
  /** The size of the file of scores that was read. */
  scores: z.number(),
  /** Whether the folder holds another run now. */
  is_replaced: z.boolean(),
  /** Whether a note says that the log became shorter. */
  is_shorter: z.boolean(),
})
export type SpoolState = z.infer<typeof SpoolState>

const STATE = 'state.json'
/** How many events are written at once. */
const AT_ONCE = 1_000

/** What changes together with the journal. */
export type SpoolChange = Partial<
  Pick<
    SpoolState,
    'base' | 'cursor' | 'sources' | 'counting' | 'scores' | 'is_replaced' | 'is_shorter'
  >
>

/**
 * The journal of a run that is sent, in a folder of the host. Its bytes never change once they are
 * complete, so the board can name a position in them. Each change is whole or does not count, also if
 * the process is killed.
 */
export class Spool {
  readonly #folder: string
  #state: SpoolState

  private constructor(folder: string, state: SpoolState) {
    this.#folder = folder
    this.#state = state
  }

  /** The spool in a folder; undefined if there is none, or it was left incomplete. */
  static open(folder: string): Spool | undefined {
    const stored = SpoolState.safeParse(jsonObject(readIfThere(join(folder, STATE)) ?? ''))
    if (!stored.success) return undefined
    const spool = new Spool(folder, stored.data)
    // After a loss of power the file may be shorter than its state says.
    const size = statIfSeen(spool.path)?.size ?? 0
    return size < spool.state.bytes ? undefined : spool
  }

  /** Begins a spool with the header of its journal. */
  static begin(folder: string, root: string, header: JournalHeader): Spool {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const line = Buffer.from(`${measuredJson(header)}\n`)
    const spool = new Spool(folder, {
      ...{ version: 1, job_id: header.job_id, root, file: 0 },
      ...{ bytes: line.length, base: line.length, cursor: null, sources: '' },
      ...{ counting: { shift: 0 }, scores: 0, is_replaced: false, is_shorter: false },
    })
    writeFileSync(spool.path, line, { mode: 0o600 })
    spool.#commit(spool.#state)
    return spool
  }

  get state(): Readonly<SpoolState> {
    return this.#state
  }

  get path(): string {
    return join(this.#folder, `journal-${this.#state.file}.jsonl`)
  }

  /** The events from a byte on. */
  events(from = 0): TrainingEvent[] {
    const file = openFile(this.path)
    try {
      const events: TrainingEvent[][] = []
      // Only the first line of the file is a header.
      let state = { ...JOURNAL_START, line: from === 0 ? 0 : 1 }
      for (let at = from; at < this.#state.bytes;) {
        const left = this.#state.bytes - at
        const piece = readPiece(state, readBytes(file, at, Math.min(LONGEST_LINE, left)))
        if (piece.bytes === 0) break
        events.push(piece.events)
        state = piece.state
        at += piece.bytes
      }
      return events.flat()
    } finally {
      closeSync(file)
    }
  }

  /** Copies of files of its samples. */
  get kept(): KeptSamples {
    return new KeptSamples(this.#folder)
  }

  /** Paths of the checkpoints among its events. */
  get checkpoints(): string[] {
    const saved = this.events().filter((one) => one.type === 'checkpoint')
    return [...new Set(saved.map(({ path }) => path))]
  }

  /** Appends events, and notes how far the files were read. */
  append(events: readonly TrainingEvent[], change: SpoolChange): void {
    const { bytes } = this.#state
    const added = writeAt(this.path, bytes, events)
    this.#commit({ ...this.#state, ...change, bytes: bytes + added })
  }

  /** Begins the journal again after the byte `from`. */
  rewrite(from: number, events: readonly TrainingEvent[], change: SpoolChange): void {
    const before = this.path
    const kept = bytesBefore(before, from)
    const state = { ...this.#state, ...change, file: this.#state.file + 1 }
    const path = join(this.#folder, `journal-${state.file}.jsonl`)
    writeFileSync(path, kept, { mode: 0o600 })
    const added = writeAt(path, from, events)
    this.#commit({ ...state, base: from, bytes: from + added })
    rmSync(before, { force: true })
  }

  #commit(state: SpoolState): void {
    const path = join(this.#folder, STATE)
    writeFileSync(`${path}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
    this.#state = state
  }
}

/** Writes events at a byte, and drops what was there; returns how many bytes they take. */
function writeAt(path: string, start: number, events: readonly TrainingEvent[]): number {
  const file = openToAppend(path)
  try {
    ftruncateSync(file, start)
    let added = 0
    for (let from = 0; from < events.length; from += AT_ONCE) {
      const lines = events.slice(from, from + AT_ONCE).map((event) => `${measuredJson(event)}\n`)
      const bytes = Buffer.from(lines.join(''))
      appendFileSync(file, bytes)
      added += bytes.length
    }
    fsyncSync(file)
    return added
  } finally {
    closeSync(file)
  }
}

function bytesBefore(path: string, end: number): Buffer {
  const file = openFile(path)
  try {
    return readBytes(file, 0, end)
  } finally {
    closeSync(file)
  }
}
