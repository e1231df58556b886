import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { bestEffort } from '../bestEffort.ts'
import { unusable } from '../home.ts'
import { DatabaseUnavailable } from '../unavailable.ts'
import { type Machine, whereIs } from '../machine.ts'

/** The file of a data folder that names the machine which runs the database server. */
export function hostNote(home: string): string {
  return join(home, 'postgres-host.json')
}

/**
 * Notes that this machine runs the server of a data folder, before it starts. Returns `beside` if
 * another container of this machine ran it last: this process cannot see whether it still runs. Throws
 * DatabaseUnavailable if another machine runs it.
 */
export async function noteHost(home: string, me: Machine): Promise<'here' | 'beside'> {
  for (;;) {
    const noted = await readNote(home)
    const where = noted ? whereIs(noted, me) : 'here'
    if (noted && where === 'elsewhere') throw refusal(home, noted)
    if (where === 'beside') return 'beside'
    if (isDeepStrictEqual(noted, me) || (await write(home, me, noted === undefined))) return 'here'
  }
}

/**
 * Notes that a server without a note, such as one of an older version, runs on this machine. The
 * note is only a hint, so a data folder that cannot be written is not an error.
 */
export async function noteHostIfMissing(home: string, me: Machine): Promise<void> {
  await write(home, me, true).catch(() => undefined)
}

/** Whether there is a note of any machine. */
export async function hasHostNote(home: string): Promise<boolean> {
  return (await readNote(home)) !== undefined
}

/** Replaces the note of a container whose server has ended. */
export async function replaceHost(home: string, me: Machine): Promise<void> {
  await write(home, me, false)
}

/** Removes the note after the server has stopped, if it names this machine. */
export async function forgetHost(home: string, me: Machine): Promise<void> {
  const noted = await readNote(home)
  if (noted && whereIs(noted, me) === 'here') await rm(hostNote(home), { force: true })
}

function refusal(home: string, { hostname }: Machine): DatabaseUnavailable {
  return new DatabaseUnavailable(
    `The machine ${hostname} runs the database in ${home}, and only one machine may run it. ` +
      'Stop Bestmark there, or set DATABASE_URL to a Postgres that both machines can reach. If that ' +
      `machine no longer exists, or ${home} is a copy of its data folder, delete ${hostNote(home)}.`,
  )
}

async function readNote(home: string): Promise<Machine | undefined> {
  const text = await readFile(hostNote(home), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable(home, error)
  })
  if (text === undefined) return undefined
  return parsed(text) ?? UNREADABLE
}

/** An unreadable note may be that of another machine, so it counts as one. */
const UNREADABLE: Machine = {
  hostname: '(unreadable)',
  machine_id: null,
  boot_id: '(unreadable)',
  pid_namespace: null,
}

function parsed(text: string): Machine | undefined {
  try {
    const note: unknown = JSON.parse(text)
    return isMachine(note) ? note : undefined
  } catch {
    return undefined
  }
}

function isMachine(note: unknown): note is Machine {
  if (typeof note !== 'object' || note === null) return false
  const { hostname, ...ids } = note as Record<keyof Machine, unknown>
  const kinds = [ids.machine_id, ids.boot_id, ids.pid_namespace]
  return typeof hostname === 'string' && kinds.every((id) => id === null || typeof id === 'string')
}

/** Writes the note at once; a first note only if no other machine was faster. */
async function write(home: string, me: Machine, isFirst: boolean): Promise<boolean> {
  const draft = `${hostNote(home)}.${randomUUID()}`
  try {
    await writeFile(draft, `${JSON.stringify(me)}\n`, { mode: 0o644, flush: true })
    if (!isFirst) await rename(draft, hostNote(home))
    else await link(draft, hostNote(home))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unusable(home, error)
  } finally {
    await bestEffort(() => rm(draft, { force: true }))
  }
}
