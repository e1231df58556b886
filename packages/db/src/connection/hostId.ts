import { createHash, randomUUID } from 'node:crypto'
import { onceInFile, replaceLine } from './home.ts'
import { thisMachine, type Machine } from './machine.ts'

/** The file with the id of the machine that used a data folder first, and the file that names it. */
const FIRST = { id: 'host_id', machine: 'host_machine' } as const

/** A data folder, and whether other machines may use it at the same time. */
export interface HostPlace {
  home: string
  /** Its board has a database of its own server, so that several machines may share the folder. */
  isShareable: boolean
  machine?: Machine
}

/**
 * The id of this machine on the board: a UUID in `<home>/host_id`, which does not change with the
 * hostname. Where a cluster shares one home folder, each further machine has a file of its own,
 * `host_id.<digest of its machine id>`. A container without a machine id has that of the folder.
 * Throws HomeUnusable.
 */
export async function hostId(place: HostPlace): Promise<string> {
  return onceInFile(place.home, await fileOf(place), randomUUID)
}

/** Gives this machine the id that another one had, such as the machine that made a backup. */
export async function takeHostId(place: HostPlace, id: string): Promise<void> {
  await replaceLine(place.home, await fileOf(place), id)
}

async function fileOf({ home, isShareable, machine = thisMachine() }: HostPlace): Promise<string> {
  const { machine_id } = machine
  if (!isShareable || machine_id === null) return FIRST.id
  // The system asks programs not to show its machine id.
  const own = createHash('sha256').update(machine_id).digest('hex').slice(0, 16)
  const first = await onceInFile(home, FIRST.machine, () => own)
  return first === own ? FIRST.id : `${FIRST.id}.${own}`
}
