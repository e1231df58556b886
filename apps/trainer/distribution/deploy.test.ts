import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { parse } from '../src/cli/parse.ts'
import { UP } from '../src/commands/up/up.table.ts'
import { command } from '../src/commands/testing.ts'
import { eventually } from '../src/testing.ts'
import { build } from './distribution.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DEPLOY = join(ROOT, 'deploy')
const textOf = (path: string) => readFile(join(ROOT, path), 'utf8')

const works = (program: string, ...words: string[]): boolean =>
  spawnSync(program, words, { stdio: 'ignore' }).status === 0
const engine = ['podman', 'docker'].find((program) => works(program, 'info'))
const hasCompose = engine !== undefined && works(engine, 'compose', 'version')
const hasSystemd = works('systemd-analyze', '--version')
const because = (isThere: boolean, what: string): string =>
  isThere ? '' : ` (skipped: no ${what})`

test('the program, the clients and the list of changes have one version', async () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await textOf('package.json')))
  expect((await command(['--version'])).stdout).toBe(`bestmark ${version}\n`)
  const python = /^version = "(.*)"$/m.exec(await textOf('clients/python/pyproject.toml'))
  const newest = /^## (.*)$/m.exec(await textOf('CHANGELOG.md'))
  expect([python?.[1], newest?.[1]]).toEqual([version, version])
})

test('the unit and the container start the board with options that it has', async () => {
  const unit = /^ExecStart=\S+ (.*)$/m.exec(await textOf('deploy/bestmark.service'))?.[1]
  const container = /^CMD \[(.*)\]$/m.exec(await textOf('deploy/Containerfile'))?.[1]
  const words = [unit?.split(' '), JSON.parse(`[${container}]`).slice(1)]
  for (const [name, ...options] of words) {
    expect(name).toBe('up')
    expect(parse(options, UP).values['no-demo']).toBe(true)
  }
})

test.skipIf(!hasSystemd)(`systemd accepts the unit${because(hasSystemd, 'systemd')}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bestmark-unit-'))
  const unit = join(folder, 'bestmark.service')
  await cp(join(DEPLOY, 'bestmark.service'), unit)
  const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
  // The program is not installed on the machine of the tests.
  const problems = stderr
    .split('\n')
    .filter((line) => line.includes(unit) || /^bestmark/.test(line))
  expect(problems.filter((line) => !line.includes('/usr/local/bin/bestmark'))).toEqual([])
  await rm(folder, { recursive: true })
})

test('the board of the compose file waits for its database, and listens on this machine only', async () => {
  const { services } = z
    .object({ services: z.record(z.string(), z.looseObject({})) })
    .parse(parseYaml(await textOf('deploy/compose.yaml')))
  expect(services['board']).toMatchObject({
    network_mode: 'host',
    depends_on: { database: { condition: 'service_healthy' } },
  })
  expect(services['database']).toMatchObject({ ports: [expect.stringMatching(/^127\.0\.0\.1:/)] })
})

test.skipIf(!hasCompose)(
  `the compose file builds and starts a board${because(hasCompose, 'container engine')}`,
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bestmark-container-'))
    await cp(DEPLOY, folder, { recursive: true })
    await build(join(folder, 'build'))
    spawnSync('npm', ['pack', '--silent', './build'], { cwd: folder })
    await rm(join(folder, 'build'), { recursive: true })
    const project = `bestmark-${randomUUID().slice(0, 8)}`
    const env = { ...process.env, POSTGRES_PASSWORD: 'test', RUNS: folder, PORT: '41731' }
    const compose = (...words: string[]) =>
      spawnSync(engine ?? '', ['compose', '-p', project, ...words], {
        cwd: folder,
        env,
        encoding: 'utf8',
      })
    try {
      const started = compose('up', '--build', '--detach')
      expect([started.status, started.stderr]).toEqual([0, started.stderr])
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${env.PORT}/`).catch(() => undefined)
        return answer?.status
      })
      expect(compose('exec', 'board', 'bestmark', 'link').stdout).toContain('token=')
    } finally {
      compose('down', '--volumes')
      await rm(folder, { recursive: true, force: true })
    }
  },
)
