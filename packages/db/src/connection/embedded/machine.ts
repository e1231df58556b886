import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { promisify } from 'node:util'

/** Identifies a machine, its boot and its container. */
export interface Machine {
  /** Its name, for people, and to distinguish machines from one disk image. */
  hostname: string
  /** The machine's id; null if it has none, as in most containers. */
  machine_id: string | null
  /** The id of this boot of its kernel, which all containers of a machine share. */
  boot_id: string | null
  /** Which processes can be seen: the namespace of their ids; null if there is none. */
  pid_namespace: string | null
}

/** The namespace of the machine itself, from which the processes of all containers are seen. */
const WHOLE_MACHINE = 'pid:[4026531836]'

/** The machine, boot and container that this process runs in. */
export async function thisMachine(): Promise<Machine> {
  const isMac = process.platform === 'darwin'
  const [machine_id, boot_id, pid_namespace] = await Promise.all([
    isMac ? hardwareOfMac() : lineOf('/etc/machine-id'),
    isMac
      ? printedBy('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])
      : lineOf('/proc/sys/kernel/random/boot_id'),
    readlink('/proc/self/ns/pid').catch(() => null),
  ])
  return { hostname: hostname(), machine_id, boot_id, pid_namespace }
}

/**
 * Where a noted machine is, seen from another: `here` if its processes can be seen, or are gone
 * since its last boot; `beside` in another container of the same kernel; otherwise `elsewhere`.
 */
export function whereIs(noted: Machine, me: Machine): 'here' | 'beside' | 'elsewhere' {
  if (noted.boot_id === me.boot_id && noted.boot_id !== null) {
    const isSeen = noted.pid_namespace === me.pid_namespace || me.pid_namespace === WHOLE_MACHINE
    return isSeen ? 'here' : 'beside'
  }
  // Machines that were started from one image share their id, but not their name.
  const isSame = noted.machine_id === me.machine_id && noted.hostname === me.hostname
  const isSure = noted.machine_id !== null || (noted.boot_id === null && me.boot_id === null)
  return isSame && isSure ? 'here' : 'elsewhere'
}

async function hardwareOfMac(): Promise<string | null> {
  const printed = await printedBy('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'])
  return /"IOPlatformUUID" = "([^"]+)"/.exec(printed ?? '')?.[1] ?? null
}

async function printedBy(program: string, args: readonly string[]): Promise<string | null> {
  const ended = promisify(execFile)(program, args)
  return ended.then(({ stdout }) => stdout.trim() || null).catch(() => null)
}

async function lineOf(path: string): Promise<string | null> {
  const line = (await readFile(path, 'utf8').catch(() => '')).trim()
  // An image may contain this word instead until its first boot.
  return line === 'uninitialized' ? null : line || null
}
