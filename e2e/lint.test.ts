import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './board.ts'

const SAVE = "import { save } from './save.ts'"

/** Faults that only types show, in the script of a component and in its markup. */
const PLANTED: Record<string, { text: string; rule: string }> = {
  'a promise that no one awaits': {
    text: `<script lang="ts">${SAVE}\nsave()\n</script>`,
    rule: '@typescript-eslint/no-floating-promises',
  },
  'a promise as a condition': {
    text: `<script lang="ts">${SAVE}</script>{save() ? 'saved' : ''}`,
    rule: '@typescript-eslint/no-misused-promises',
  },
  'a value of any type in markup': {
    text: `<script lang="ts">const text = '1'</script>{JSON.parse(text).name}`,
    rule: '@typescript-eslint/no-unsafe-member-access',
  },
  'an assertion of the type that a value has': {
    text: `<script lang="ts">import { label } from './label.svelte.ts'</script>{label as string}`,
    rule: '@typescript-eslint/no-unnecessary-type-assertion',
  },
  'a promise that a method of another component returns': {
    text:
      `<script lang="ts">import Shown from './Shown.svelte'\nlet shown: Shown</script>` +
      '<Shown bind:this={shown} /><button onclick={() => { shown.load() }}>load</button>',
    rule: '@typescript-eslint/no-floating-promises',
  },
  'a record that is read with any name': {
    text: `<script lang="ts">let { of, name }: { of: Record<string, 1>; name: string } = $props()</script>{of[name]}`,
    rule: 'bestmark/named-records',
  },
  'a sentence that is compared': {
    text: `<script lang="ts">let { why }: { why: string } = $props()</script>{why === 'not found'}`,
    rule: 'bestmark/read-sentences',
  },
}

const FILES: Record<string, string> = {
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions: { types: ['svelte'], lib: ['es2024', 'dom'] },
    include: ['src'],
  }),
  // Beside the findings, each component reports which program of TypeScript it is part of.
  'eslint.config.js': `
    import config from '${pathToFileURL(join(ROOT, 'eslint.config.js')).href}'
    const programs = []
    const create = ({ report, sourceCode }) => ({
      Program(node) {
        const { program } = sourceCode.parserServices
        if (!programs.includes(program)) programs.push(program)
        report({ node, message: String(programs.indexOf(program)) })
      },
    })
    export default [
      ...config,
      { files: ['**/*.svelte'], plugins: { seen: { rules: { program: { create } } } } },
      { files: ['**/*.svelte'], rules: { 'seen/program': 'error' } },
    ]`,
  'src/save.ts': 'export const save = (): Promise<boolean> => Promise.resolve(true)\n',
  'src/label.svelte.ts': "export const label: string = 'label'\n",
  'src/Shown.svelte': `<script lang="ts">${SAVE}\nexport async function load(): Promise<void> { await save() }</script>`,
}

interface Finding {
  ruleId: string
  message: string
}
let folder: string
let found: Map<string, Finding[]>

const names = Object.keys(PLANTED)
const fileOf = (name: string) => `src/Planted${names.indexOf(name)}.svelte`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bestmark-lint-'))
  const planted = Object.entries(PLANTED).map(([name, { text }]) => [fileOf(name), text] as const)
  for (const [path, text] of [...Object.entries(FILES), ...planted]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  found = await lint(['src'])
})
afterAll(() => rm(folder, { recursive: true }))

test.for(Object.entries(PLANTED))('lint finds in a component: %s', ([name, { rule }]) => {
  expect(rulesIn(found, fileOf(name))).toContain(rule)
})

test('lint finds nothing in a component without a fault', () => {
  expect(rulesIn(found, 'src/Shown.svelte')).toEqual([])
})

test('all components are linted with one type checker', () => {
  const programs = [...found.values()].flat().filter(({ ruleId }) => ruleId === 'seen/program')
  expect(programs.map(({ message }) => message)).toEqual(Array(names.length + 1).fill('0'))
})

test('lint of a text that is not saved finds its faults, not those of the file', async () => {
  const [saved = '', unsaved = ''] = names
  const path = fileOf(saved)
  const changed = await lint(['--stdin', '--stdin-filename', path], PLANTED[unsaved]!.text)
  expect(rulesIn(changed, path)).toEqual([PLANTED[unsaved]!.rule])
})

function rulesIn(all: Map<string, Finding[]>, path: string): string[] {
  const findings = all.get(join(folder, path)) ?? []
  return findings.map(({ ruleId }) => ruleId).filter((rule) => rule !== 'seen/program')
}

/** Runs eslint in the folder; resolves with its findings by absolute path. */
function lint(words: string[], stdin = ''): Promise<Map<string, Finding[]>> {
  const program = join(ROOT, 'node_modules/.bin/eslint')
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['-f', 'json', ...words], { cwd: folder }, (error, stdout) => {
      // 1 says that there are findings.
      if (error && error.code !== 1) {
        reject(new Error('eslint did not lint.', { cause: error }))
        return
      }
      const results = JSON.parse(stdout) as { filePath: string; messages: Finding[] }[]
      resolve(new Map(results.map(({ filePath, messages }) => [filePath, messages])))
    })
    child.stdin?.end(stdin)
  })
}
