import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Database, fullDisks, hostedJobs, noteFullDisk, recordFacts } from '@bestmark/db'
import { ACTIVE_STATES } from './options.ts'
import { readRunProcess } from '../processes/mark.ts'

/** With fewer bytes nothing of use can be written; a database needs room for a file of its log. */
const NO_ROOM = { runs: 64 * 1024, database: 16 * 1024 * 1024 }

/** A run whose disk is looked at. */
interface Run {
  job_id: string
  root: string
}

/** A disk with what lies on it. */
interface Disk {
  mount: string
  holds_database: boolean
  runs: Run[]
  isFull: boolean
}

/** What is to be told of a disk. */
interface Trouble {
  full_since: number
  isReported: boolean
}

/**
 * Tells the board which disks of this host are full, since when, and that they have room again. A
 * board whose own disk is full may hear of it only once there is room.
 */
export class FullDisks {
  readonly #db: Database
  readonly #host_id: string
  readonly #troubles = new Map<string, Trouble>()
  #isKnown = false
  #runs: Run[] = []

  constructor(db: Database, host_id: string) {
    this.#db = db
    this.#host_id = host_id
  }

  /** One look at the disks of the database and of all runs that are not over. */
  async look(): Promise<void> {
    // A database that cannot be asked may be one whose disk is full, so this comes first.
    await this.#notice()
    await this.#ask()
    for (const disk of await this.#notice()) await this.#tell(disk)
  }

  async #notice(): Promise<Disk[]> {
    const disks = await this.#disks()
    const fresh = disks.filter(({ isFull, mount }) => isFull && !this.#troubles.has(mount))
    for (const { mount } of fresh) {
      this.#troubles.set(mount, { full_since: Date.now(), isReported: false })
    }
    return disks
  }

  async #ask(): Promise<void> {
    this.#runs = await hostedJobs(this.#db, this.#host_id, ACTIVE_STATES)
    if (this.#isKnown) return
    // An agent that ended may have left word of a disk that was full.
    for (const { mount, full_since, over_at } of await fullDisks(this.#db, this.#host_id)) {
      if (over_at === null) this.#troubles.set(mount, { full_since, isReported: true })
    }
    this.#isKnown = true
  }

  async #tell(disk: Disk): Promise<void> {
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
      ? `The disk that holds ${root} is full: nothing more is saved there until there is room.`
      : `The disk that holds ${root} has room again.`
    const line = {
      type: 'log',
      attempt,
      at: Date.now(),
      step: null,
      level: 'warning',
      text,
    } as const
    await recordFacts(this.#db, job_id, [line])
  }

  async #disks(): Promise<Disk[]> {
    const { folder: database } = this.#db
    const disks = new Map<string, Disk>()
    if (database !== undefined) await put(disks, database, { holds_database: true })
    for (const run of this.#runs) await put(disks, run.root, { run })
    // What was full is told of until it is over, also where nothing of ours lies there any more.
    for (const mount of this.#troubles.keys()) await put(disks, mount, {})
    const gone = [...this.#troubles.keys()].filter((mount) => !disks.has(mount))
    return [...disks.values(), ...gone.map(empty)]
  }
}

function empty(mount: string): Disk {
  return { mount, holds_database: false, runs: [], isFull: false }
}

/** Puts a folder with the others of its disk, and looks how much room there is for it. */
async function put(
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

/** The folder at which the disk of a folder is mounted. */
async function mountOf(folder: string): Promise<string> {
  const { dev } = await stat(folder)
  const above = dirname(folder)
  if (above === folder || (await stat(above)).dev !== dev) return folder
  return mountOf(above)
}
