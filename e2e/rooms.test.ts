import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './board.ts'

/** Files by path, each with the rule that it breaks. */
const PLANTED: Record<string, { files: Record<string, string>; breaks: string }> = {
  'two files that import types of each other': {
    files: {
      'packages/core/src/one.ts': "import type { B } from './two.ts'\nexport type A = B\n",
      'packages/core/src/two.ts': "import type { A } from './one.ts'\nexport type B = A | 1\n",
    },
    breaks: 'no-circle',
  },
  'two folders that import each other': {
    files: {
      'packages/db/src/one/a.ts': "import { b } from '../two/b.ts'\nexport const a = b\n",
      'packages/db/src/one/c.ts': 'export const c = 1\n',
      'packages/db/src/two/b.ts': 'export const b = 1\n',
      'packages/db/src/two/d.ts': "import { c } from '../one/c.ts'\nexport const d = c\n",
    },
    breaks: 'no-folder-circle',
  },
  'components that contain each other': {
    files: {
      'apps/web/src/lib/A.svelte': "<script>import B from './B.svelte'</script><B />\n",
      'apps/web/src/lib/B.svelte': "<script>import A from './A.svelte'</script><A />\n",
    },
    breaks: 'no-circle',
  },
  'a core that reads files': {
    files: { 'packages/core/src/reads.ts': "import 'node:fs'\n" },
    breaks: 'core-is-pure',
  },
  'a source that records': {
    files: {
      'apps/trainer/src/sources/a.ts': "import '../recording/b.ts'\n",
      'apps/trainer/src/recording/b.ts': 'export const b = 1\n',
    },
    breaks: 'files-are-read-below-what-records-them',
  },
  'a room that knows a command': {
    files: {
      'apps/trainer/src/agent/a.ts': "import '../commands/b.ts'\n",
      'apps/trainer/src/commands/b.ts': 'export const b = 1\n',
    },
    breaks: 'commands-are-on-top',
  },
}

let folder: string
let printed: { code: number; stdout: string }

/** The check reads all planted files at once, because each start of it takes seconds. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-rooms-'))
  for (const name of ['.dependency-cruiser.js', 'tsconfig.base.json'])
    await copyFile(join(ROOT, name), join(folder, name))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  // TypeScript needs at least one file beside its configuration.
  await writeFile(join(folder, 'index.ts'), 'export {}\n')
  const files = Object.values(PLANTED).flatMap((planted) => Object.entries(planted.files))
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const paths = files.map(([path]) => path)
  expect(new Set(paths).size).toBe(paths.length)
  printed = await cruise(folder, paths)
})
afterAll(() => rm(folder, { recursive: true }))

test.for(Object.entries(PLANTED))('the check of the rooms fails on %s', ([, planted]) => {
  const errors = printed.stdout
    .split('\n')
    .filter((line) => line.includes(`error ${planted.breaks}:`))
  const isNamed = (line: string) =>
    Object.keys(planted.files).some((path) => line.includes(path) || line.includes(dirname(path)))
  expect([printed.stdout, errors.filter(isNamed).length > 0]).toEqual([printed.stdout, true])
  expect(printed.code).toBeGreaterThan(0)
})

function cruise(cwd: string, files: string[]): Promise<{ code: number; stdout: string }> {
  const program = join(ROOT, 'node_modules/.bin/depcruise')
  const words = ['--config', '.dependency-cruiser.js', '--output-type', 'err', ...files]
  return new Promise((resolve) => {
    execFile(program, words, { cwd }, (error, stdout) => {
      resolve({ code: error ? Number(error.code) : 0, stdout })
    })
  })
}
