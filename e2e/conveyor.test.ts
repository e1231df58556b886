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
  for (const name of ['packages', 'apps', 'tsconfig.base.json']) {
    await cp(join(ROOT, name), join(path, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (from) => !leave.has(basename(from)),
    })
  }
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10 }),
  }
}

/** The compiler's output for some files and their imports; whole packages would take minutes. */
async function compile(copy: string, files: readonly string[]): Promise<string> {
  const project = join(copy, 'tsconfig.json')
  await writeFile(project, JSON.stringify({ extends: './tsconfig.base.json', files }))
  const words = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: copy }, (_error, out, err) => resolve(out + err))
  })
}

test('a new field of TrainingJobStatus does not compile in db, in the tracker and in the web until they handle it', async () => {
  await using copy = await copyOfTheSources()
  const schema = join(copy.path, 'packages/core/src/status/status.ts')
  const source = await readFile(schema, 'utf8')
  const field = '  status: JobState,\n'
  expect(source).toContain(field)
  await writeFile(schema, source.replace(field, `${field}  gpu_hours: z.number().nullable(),\n`))

  const files = [
    'packages/core/src/status/fields.ts',
    'packages/db/src/schema/trainingJobs.ts',
    'apps/web/src/lib/status/fields.ts',
  ]
  const output = await compile(copy.path, files)
  for (const file of files) {
    const [, error] = output.split(`${file}(`)
    expect([file, error]).toEqual([
      file,
      expect.stringMatching(/^\d+,\d+\): error TS1360: .*satisfy.*\n.*gpu_hours/),
    ])
  }
})
