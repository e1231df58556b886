import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

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

/**
 * Whether a process id that was noted on a machine means the same process here: not on another machine,
 * and not in another container.
 */
export function sharesProcesses(noted: Machine, me: Machine): boolean {
  const isOneBoot = noted.boot_id !== null && noted.boot_id === me.boot_id
  return isOneBoot ? noted.pid_namespace === me.pid_namespace : whereIs(noted, me) === 'here'
}

let own: Machine | undefined

/** The machine, boot and container that this process runs in. */
export function thisMachine(): Machine {
  own ??= readMachine()
  return own
}

function readMachine(): Machine {
  const isMac = process.platform === 'darwin'
  return {
    hostname: hostname(),
    machine_id: isMac ? hardwareOfMac() : lineOf('/etc/machine-id'),
    boot_id: isMac
      ? printedBy('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])
      : lineOf('/proc/sys/kernel/random/boot_id'),
    pid_namespace: orNull(() => readlinkSync('/proc/self/ns/pid')),
  }
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

function hardwareOfMac(): string | null {
  const printed = printedBy('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice'])
  return /"IOPlatformUUID" = "([^"]+)"/.exec(printed ?? '')?.[1] ?? null
}

function printedBy(program: string, args: readonly string[]): string | null {
  return orNull(() => execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim())
}

function lineOf(path: string): string | null {
  const line = orNull(() => readFileSync(path, 'utf8').trim())
  // An image may contain this word instead until its first boot.
  return line === 'uninitialized' ? null : line
}

/** What is read; null if it is empty, or the system has none. */
function orNull(read: () => string): string | null {
  try {
    return read() || null
  } catch {
    return null
  }
}
