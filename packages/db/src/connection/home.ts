import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bestEffort } from './bestEffort.ts'

/** The data folder cannot be used; the message says what to do. */
export class HomeUnusable extends Error {
  override readonly name = 'HomeUnusable'
}

/**
 * The data folder as an absolute path: BESTMARK_HOME, by default `.bestmark` beside the code, or in
 * the user's home folder. A relative path starts there, too, so that it always means the same board.
 */
export function resolveHome(env: Record<string, string | undefined> = process.env): string {
  return resolve(repositoryRoot(), env['BESTMARK_HOME'] || '.bestmark')
}

/** Creates the data folder if it is missing. Throws HomeUnusable if that is not allowed. */
export async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw unusable(home, cause)
  }
}

/** The board's secret: 64 hexadecimal digits in `<home>/token` (0600), made once and stable. */
export function boardToken(home: string): Promise<string> {
  return onceInFile(home, 'token', newToken)
}

/**
 * The secret with which the first person makes an account: in `<home>/setup_token` (0600), stable
 * until there is an admin.
 */
export function setupToken(home: string): Promise<string> {
  return onceInFile(home, 'setup_token', newToken)
}

/** Removes the secret of the first account, which was used. */
export async function removeSetupToken(home: string): Promise<void> {
  await bestEffort(() => rm(join(home, 'setup_token'), { force: true }))
}

/** Replaces the secret by a new one, in one step. */
export async function renewToken(home: string): Promise<void> {
  await replaceLine(home, 'token', newToken())
}

/** Replaces a file of the data folder by one with this line, in one step. */
export async function replaceLine(home: string, name: string, line: string): Promise<void> {
  const path = join(home, name)
  const draft = `${path}.${process.pid}.${randomUUID()}`
  try {
    await writeFile(draft, `${line}\n`, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (cause) {
    await rm(draft, { force: true })
    throw unusable(home, cause)
  }
}

function newToken(): string {
  return randomBytes(32).toString('hex')
}

/**
 * The line in a file of the data folder; the first process creates it. The file gets its name
 * when it is complete, so all processes read the same line and none reads a part of it.
 */
export async function onceInFile(home: string, name: string, make: () => string): Promise<string> {
  const path = join(home, name)
  const stored = await lineOf(path)
  if (stored) return stored
  await makeHome(home)
  const draft = `${path}.${process.pid}.${randomUUID()}`
  try {
    await writeFile(draft, `${make()}\n`, { mode: 0o600, flag: 'wx' })
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } catch (cause) {
    throw unusable(home, cause)
  } finally {
    await bestEffort(() => rm(draft, { force: true }))
  }
  const line = await lineOf(path)
  if (!line) throw new HomeUnusable(`${path} is empty. Delete it; Bestmark then creates it again.`)
  return line
}

async function lineOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unusable(dirname(path), cause)
  }
}

/** The error that says in one sentence why the data folder cannot be used. */
export function unusable(home: string, cause: unknown): HomeUnusable {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? 'permission denied'
      : code === 'EROFS'
        ? 'its disk is read-only'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'a file has that path'
          : code === 'ENOSPC' || code === 'EDQUOT'
            ? 'its disk is full'
            : code
  return new HomeUnusable(
    `The data folder ${home} cannot be used: ${why}. Set BESTMARK_HOME to a folder that you can write to.`,
    { cause },
  )
}

/**
 * The folder of the code, found upwards. The code of the npm package may be in a cache, so there it is
 * the home folder of the user.
 */
function repositoryRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url))
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'pnpm-workspace.yaml'))) return folder
  }
  return homedir()
}
