import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode } from '../../failure.ts'
import { jsonObject } from '../../files/json.ts'
import { isAlive, ProcessMark, readIfThere } from '../../processes/alive.ts'
import { markOf, ownMark } from '../../processes/mark.ts'

/** The folders of a program that `bestmark run` started, for other such programs. */
export const Claim = z.object({
  /** The `bestmark run`, and its program once it runs. */
  keeper: ProcessMark,
  program: ProcessMark.nullable(),
  /** When the program started and ended (ms). */
  began_at: z.number(),
  ended_at: z.number().nullable(),
  /** Folders that its arguments name. */
  named: z.array(z.string()),
  /** Folders that are recorded as its runs. */
  roots: z.array(z.string()),
  /** Folders that are searched for its runs. */
  areas: z.array(z.string()),
})
export type Claim = z.infer<typeof Claim>

/** What changes in a claim while the program runs. */
type Change = Partial<Pick<Claim, 'program' | 'roots' | 'areas' | 'ended_at'>>

/** The error codes of a disk without space. */
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT'])

/**
 * The claim of one program, in the board's data folder. It is there before the program starts, so
 * that no other `bestmark run` takes its files. It stays after the program's end as long as a program
 * runs that started before this end.
 */
export class ProgramClaim {
  readonly #folder: string
  readonly #name = `${randomUUID()}.json`
  #claim: Claim

  constructor(home: string, { named, roots }: Pick<Claim, 'named' | 'roots'>) {
    this.#folder = join(home, 'programs')
    const ends = { began_at: Date.now(), ended_at: null }
    this.#claim = { keeper: ownMark(), program: null, ...ends, named, roots, areas: [] }
    this.#write()
    this.#removeOld()
  }

  get named(): readonly string[] {
    return this.#claim.named
  }

  /** Notes which process is the program. */
  begin(pid: number): void {
    this.change({ program: markOf(pid) ?? null })
  }

  change(change: Change): void {
    const before = JSON.stringify(this.#claim)
    this.#claim = { ...this.#claim, ...change }
    if (JSON.stringify(this.#claim) !== before) this.#write()
  }

  end(): void {
    this.change({ ended_at: Date.now() })
  }

  /** Removes the claim of a program that could not be started. */
  withdraw(): void {
    rmSync(join(this.#folder, this.#name), { force: true })
  }

  /** The claims of all other programs that ran at the same time as this one. */
  others(): Claim[] {
    return this.#all()
      .map(({ claim }) => claim)
      .filter((other) => isRunning(other) || endOf(other) >= this.#claim.began_at)
  }

  #all(): { name: string; claim: Claim }[] {
    return readIfFolder(this.#folder).flatMap((name) => {
      if (name === this.#name || !name.endsWith('.json')) return []
      const text = readIfThere(join(this.#folder, name))
      const { data } = Claim.safeParse(text === undefined ? undefined : jsonObject(text))
      return data ? [{ name, claim: data }] : []
    })
  }

  /** Removes the claims that no running program needs any more. */
  #removeOld(): void {
    const all = this.#all()
    const running = all.filter(({ claim }) => isRunning(claim))
    const oldest = Math.min(this.#claim.began_at, ...running.map(({ claim }) => claim.began_at))
    for (const { name, claim } of all) {
      if (isRunning(claim) || endOf(claim) >= oldest) continue
      rmSync(join(this.#folder, name), { force: true })
    }
  }

  /** Without space for it, the program runs without a claim on disk, or with the last one. */
  #write(): void {
    const path = join(this.#folder, this.#name)
    try {
      mkdirSync(this.#folder, { recursive: true })
      writeFileSync(`${path}.new`, `${JSON.stringify(this.#claim)}\n`)
      renameSync(`${path}.new`, path)
    } catch (error) {
      if (!NO_SPACE.has(systemCode(error) ?? '')) throw error
      rmSync(`${path}.new`, { force: true })
    }
  }
}

/** The names in a folder, which is missing if its disk was full. */
function readIfFolder(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

function isRunning({ keeper, program, ended_at }: Claim): boolean {
  return ended_at === null && (isAlive(keeper) || (program !== null && isAlive(program)))
}

/** When a program ended (ms). If nobody saw its end, only its start is known. */
function endOf({ began_at, ended_at }: Claim): number {
  return ended_at ?? began_at
}
