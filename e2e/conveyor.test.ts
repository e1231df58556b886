import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A copy of the sources that compiles like the originals; installed packages are linked. */
async function copyOfTheSources(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'bestmark-conveyor-'))
  const leave = new Set(['build', '.bestmark', '.git', 'e2e'])
  for (const name of ['packages', 'apps', 'tsconfig.base.json', 'vitest.shared.ts']) {
    await cp(join(ROOT, name), join(path, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (from) => !leave.has(basename(from)),
    })
  }
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The compiler's output for a package, from the programs of its `types` script. */
function compile(folder: string, program: string, ...words: string[]): Promise<string> {
  const node = join(ROOT, 'node_modules/.bin/node')
  const file = join(folder, 'node_modules', program)
  return new Promise((resolve) => {
    execFile(node, [file, ...words], { cwd: folder }, (_error, out, err) => resolve(out + err))
  })
}

test('a field added to TrainingJobStatus alone compiles neither in db, nor in the tracker, nor in the web', async () => {
  await using copy = await copyOfTheSources()
  const schema = join(copy.path, 'packages/core/src/status/status.ts')
  const source = await readFile(schema, 'utf8')
  const field = '  status: JobState,\n'
  expect(source).toContain(field)
  await writeFile(schema, source.replace(field, `${field}  gpu_hours: z.number().nullable(),\n`))

  const [core, db, web] = await Promise.all([
    compile(join(copy.path, 'packages/core'), 'typescript/bin/tsc', '-p', '.'),
    compile(join(copy.path, 'packages/db'), 'typescript/bin/tsc', '-p', '.'),
    compile(
      join(copy.path, 'apps/web'),
      'svelte-check/bin/svelte-check',
      '--tsconfig',
      './tsconfig.json',
      '--output',
      'machine',
      '--threshold',
      'error',
    ),
  ])
  expect(core).toMatch(/src\/status\/fields\.ts\(\d+,\d+\): error TS1360: .*satisfy/)
  expect(db).toMatch(/src\/schema\/trainingJobs\.ts\(\d+,\d+\): error TS1360: .*satisfy/)
  expect(web).toMatch(/ERROR "src\/lib\/status\/fields\.ts" .*gpu_hours/)
})
