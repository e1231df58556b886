import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Database, fullDisks, hostedJobs, noteFullDisk, recordFacts } from '@bestmark/db'
import { ACTIVE_STATES } from './options.ts'
import { readRunProcess } from '../processes/mark.ts'

/** A disk with fewer free bytes is full. A database needs space for one file of its log. */
const NO_ROOM = { runs: 64 * 1024, database: 16 * 1024 * 1024 }

/** A run whose disk is checked. */
interface Run {
  job_id: string
  root: string
}

/** A disk, and the runs on it. */
interface Disk {
  mount: string
  holds_database: boolean
  runs: Run[]
  isFull: boolean
}

/** Since when a disk is full, and whether the board knows. */
interface Trouble {
  full_since: number
  isReported: boolean
}

/**
 * Reports to the board which disks of this host are full, since when, and when they have space
 * again. If the board's own disk is full, the report may wait until there is space.
 */
export class FullDisks {
  readonly #db: Database
  readonly #host_id: string
  readonly #troubles = new Map<string, Trouble>()
  readonly #active: () => Promise<readonly Run[]>
  #isLoaded = false
  #runs: readonly Run[] = []

  /** `active` gives the runs whose disks are checked; by default they are read from the database. */
  constructor(db: Database, host_id: string, active?: () => Promise<readonly Run[]>) {
    this.#db = db
    this.#host_id = host_id
    this.#active = active ?? (() => hostedJobs(db, host_id, { states: ACTIVE_STATES }))
  }

  /** Checks the disks of the database and of all active runs. */
  async look(): Promise<void> {
    // The database may not answer because its disk is full, so the time is noted before the query.
    await this.#findFull()
    await this.#load()
    for (const disk of await this.#findFull()) await this.#report(disk)
  }

  async #findFull(): Promise<Disk[]> {
    const disks = await this.#disks()
    const fresh = disks.filter(({ isFull, mount }) => isFull && !this.#troubles.has(mount))
    for (const { mount } of fresh) {
      this.#troubles.set(mount, { full_since: Date.now(), isReported: false })
    }
    return disks
  }

  async #load(): Promise<void> {
    this.#runs = await this.#active()
    if (this.#isLoaded) return
    // An earlier agent may have reported a full disk.
    for (const { mount, full_since, over_at } of await fullDisks(this.#db, this.#host_id)) {
      if (over_at === null) this.#troubles.set(mount, { full_since, isReported: true })
    }
    this.#isLoaded = true
  }

  async #report(disk: Disk): Promise<void> {
    const { mount, holds_database, isFull, runs } = disk
    const trouble = this.#troubles.get(mount)
    if (!trouble || (isFull && trouble.isReported)) return
    const { full_since } = trouble
    const over_at = isFull ? null : Date.now()
    const host_id = this.#host_id
    await noteFullDisk(this.#db, { host_id, mount, holds_database, full_since, over_at })
    if (isFull) this.#troubles.set(mount, { full_since, isReported: true })
    else this.#troubles.delete(mount)
    for (const run of runs) await this.#log(run, isFull)
  }

  async #log({ job_id, root }: Run, isFull: boolean): Promise<void> {
    const attempt = readRunProcess(root)?.attempt ?? 0
    const text = isFull
      ? `The disk of ${root} is full. Nothing is saved there until space is free.`
      : `The disk of ${root} has free space again.`
    const line = {
      type: 'log',
      attempt,
      at: Date.now(),
      step: null,
      level: 'warning',
      text,
      code: isFull ? 'disk_full' : 'disk_free',
    } as const
    await recordFacts(this.#db, job_id, [line])
  }

  async #disks(): Promise<Disk[]> {
    const { folder: database } = this.#db
    const disks = new Map<string, Disk>()
    if (database !== undefined) await addToDisk(disks, database, { holds_database: true })
    for (const run of this.#runs) await addToDisk(disks, run.root, { run })
    // A full disk is checked until it has space, even if no run is on it any more.
    for (const mount of this.#troubles.keys()) await addToDisk(disks, mount, {})
    const gone = [...this.#troubles.keys()].filter((mount) => !disks.has(mount))
    return [...disks.values(), ...gone.map(empty)]
  }
}

function empty(mount: string): Disk {
  return { mount, holds_database: false, runs: [], isFull: false }
}

/** Adds a folder to its disk, and checks the free space. */
async function addToDisk(
  disks: Map<string, Disk>,
  folder: string,
  { run, holds_database = false }: { run?: Run; holds_database?: boolean },
): Promise<void> {
  const mount = await mountOf(folder).catch(() => undefined)
  if (mount === undefined) return
  const disk = disks.get(mount) ?? empty(mount)
  const { bavail, bsize } = await statfs(mount)
  disk.isFull ||= bavail * bsize < (holds_database ? NO_ROOM.database : NO_ROOM.runs)
  disk.holds_database ||= holds_database
  if (run) disk.runs.push(run)
  disks.set(mount, disk)
}

/** The folder where the disk of a folder is mounted. */
async function mountOf(folder: string): Promise<string> {
  const { dev } = await stat(folder)
  const above = dirname(folder)
  if (above === folder || (await stat(above)).dev !== dev) return folder
  return mountOf(above)
}
