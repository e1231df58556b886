import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { privateFolder, makeHomePrivate } from './privateFiles.ts'

let folder: string
let home: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-closed-'))
  await chmod(folder, 0o755)
  home = join(folder, 'home')
  await mkdir(home)
  await chmod(home, 0o755)
})
afterEach(() => rm(folder, { recursive: true }))

const modeOf = async (...names: string[]) => (await stat(join(home, ...names))).mode & 0o777

/** A data folder as an earlier version left it with the usual umask. */
async function openHome(): Promise<void> {
  for (const name of ['runs', 'models', 'examples', 'postgres-18']) {
    await mkdir(join(home, name, 'below'), { recursive: true })
    await chmod(join(home, name), 0o755)
    await writeFile(join(home, name, 'below', 'file'), 'secret')
  }
  await writeFile(join(home, 'token'), 'secret\n', { mode: 0o644 })
}

test('an open data folder and its files are made private, and this is reported once', async () => {
  await openHome()
  const warnings = await makeHomePrivate(home)
  expect(warnings[0]).toBe(
    `Other users of this machine could open ${home} (mode 0755). Now they cannot.`,
  )
  expect(warnings.join('\n')).toContain(join(home, 'token'))
  const modes = [
    await modeOf(),
    await modeOf('runs'),
    await modeOf('models'),
    await modeOf('token'),
  ]
  expect(modes).toEqual([0o700, 0o700, 0o700, 0o600])
  expect(await makeHomePrivate(home)).toEqual([])
})

test('open files in a private folder are made private without a report, because nobody could reach them', async () => {
  await openHome()
  await chmod(home, 0o700)
  expect(await makeHomePrivate(home)).toEqual([])
  expect(await modeOf('models')).toBe(0o700)
})

test('a folder with other files, or shared by all users, is not changed, and this is reported', async () => {
  await openHome()
  await mkdir(join(home, 'photos'))
  expect((await makeHomePrivate(home))[0]).toMatch(/also contains photos.*BESTMARK_HOME/)
  expect([await modeOf(), await modeOf('photos'), await modeOf('runs')]).toEqual([
    ...[0o755, 0o755, 0o700],
  ])
  await rm(join(home, 'photos'), { recursive: true })
  await chmod(home, 0o1777)
  expect((await makeHomePrivate(home))[0]).toMatch(/is shared by all users/)
  expect(await modeOf()).toBe(0o777)
})

test('a link to a folder elsewhere is not followed', async () => {
  await mkdir(join(folder, 'elsewhere'))
  await chmod(join(folder, 'elsewhere'), 0o755)
  await symlink(join(folder, 'elsewhere'), join(home, 'models'))
  await makeHomePrivate(home)
  expect((await stat(join(folder, 'elsewhere'))).mode & 0o777).toBe(0o755)
})

test('new folders of a data folder are closed from the start', async () => {
  expect(await privateFolder(home, 'runs')).toBe(join(home, 'runs'))
  expect(await modeOf('runs')).toBe(0o700)
})

const nobody = { uid: 65_534, gid: 65_534, encoding: 'utf8' } as const
const isRoot = process.getuid?.() === 0
const why = isRoot ? '' : ' (skipped: it takes root)'
const asNobody = (command: string) => spawnSync('/bin/sh', ['-c', command], nobody).stdout

test.runIf(isRoot)(`another user can read and list nothing in it${why}`, async () => {
  await openHome()
  const paths = ['token', 'runs/below/file', 'models/below/file', 'examples/below/file']
  const attack = () => paths.map((path) => asNobody(`cat ${join(home, path)}`)).join('')
  expect(attack()).toContain('secret')
  await makeHomePrivate(home)
  expect(attack() + asNobody(`ls ${home} ${home}/runs`)).toBe('')
})

test.runIf(isRoot)(
  `a database that runs as another user can enter, and other users see no more${why}`,
  async () => {
    await openHome()
    execFileSync('chmod', ['-R', 'go-rwx', join(home, 'postgres-18')])
    execFileSync('chown', ['-R', '65534:65534', join(home, 'postgres-18')])
    await chown(join(home, 'postgres-18'), 65_534, 65_534)
    await makeHomePrivate(home)
    expect(await modeOf()).toBe(0o711)
    expect(asNobody(`cat ${home}/postgres-18/below/file`)).toBe('secret')
    const others = ['token', 'runs/below/file', 'models/below/file']
    expect(others.map((path) => asNobody(`cat ${join(home, path)}`)).join('')).toBe('')
    expect(await makeHomePrivate(home)).toEqual([])
  },
)
