import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing.ts'
import { readTargets, shownTargets, TARGETS_FILE } from './configuration.ts'

async function read(text: string | undefined) {
  await using home = await temporaryFolder()
  if (text !== undefined) await writeFile(join(home.path, TARGETS_FILE), text)
  return await readTargets(home.path)
}

const WHOLE = `
targets:
  serve:
    kind: command
    argv: [vllm-reload, '{path}', --name, '{model}', --token=hidden]
    time_limit: 60
  hook:
    kind: http
    url: https://deploy.example/hooks/key
    secret_env: HOOK_SECRET
  bucket: {kind: s3, bucket: models, prefix: prod, access_key_env: KEY, secret_key_env: SECRET}
`

test('without a file a host has the default target', async () => {
  expect(shownTargets(await read(undefined))).toEqual([
    { name: 'folder', kind: 'folder', place: 'models', conditions: null },
  ])
})

test('a file adds targets, and what is shown of them has no secret', async () => {
  const shown = shownTargets(await read(WHOLE))
  expect(shown.map(({ name, kind, place }) => [name, kind, place])).toEqual([
    ['folder', 'folder', 'models'],
    ['serve', 'command', 'vllm-reload'],
    ['hook', 'http', 'deploy.example'],
    ['bucket', 's3', 's3://models/prod'],
  ])
  expect(JSON.stringify(shown)).not.toMatch(/hidden|hooks\/key/)
})

test('a target of any kind may state conditions, which the board gets', async () => {
  const value = { metric: 'eval_loss', bound: 2 }
  const conditions = { policy: 'as_declared', value, better_than_live: true, scored_on: 'mmlu' }
  const targets = { folder: { kind: 'folder', conditions } }
  const shown = shownTargets(await read(JSON.stringify({ targets })))
  expect(shown[0]?.conditions).toEqual(conditions)
})

test('JSON is read, too, and the default target may have another folder', async () => {
  const text = '{"targets": {"folder": {"kind": "folder", "path": "/srv/models"}}}'
  expect((await read(text)).get('folder')).toEqual({ kind: 'folder', path: '/srv/models' })
})

test('an error names the line and the key', async () => {
  const vectors: [text: string, message: RegExp][] = [
    ['targets:\n  a:\n    kind: command\n', /targets\.yaml, line 2: targets\.a\.argv: /],
    ['targets:\n  a:\n    kind: ftp\n', /line 3: targets\.a\.kind: /],
    [
      'targets:\n  a:\n    kind: folder\n    pth: /x\n',
      /line 4: targets\.a\.pth: there is no such key/,
    ],
    [
      'targets:\n  a:\n    kind: folder\n    path: x\n',
      /line 4: targets\.a\.path: an absolute path/,
    ],
    ['targets:\n  Not Good: {kind: folder}\n', /line 2: targets\.Not Good: /],
    [
      'targets:\n  a:\n    kind: command\n    argv:\n      - x\n      - "{modle}"\n',
      /line 6: .*\{modle\} is unknown; use \{path\}/,
    ],
    [
      'targets:\n  a:\n    kind: folder\n    conditions:\n      policy: luck\n',
      /line 5: targets\.a\.conditions\.policy: /,
    ],
    ['targets:\n  a: {kind: folder, gate: {}}\n', /line 2: targets\.a\.gate: there is no such key/],
    [
      'targets:\n  a: {kind: http, url: "ftp://x", secret_env: S}\n',
      /line 2: targets\.a\.url: the address of a webhook/,
    ],
    ['targets:\n  a: {kind: s3, bucket: x}\n', /line 2: targets\.a\.bucket: the name of a bucket/],
    [
      'targets:\n  a: {kind: s3, bucket: abc, prefix: ../b}\n',
      /line 2: targets\.a\.prefix: a prefix such as/,
    ],
    [
      'targets:\n  a: {kind: s3, bucket: abc, access_key_env: K}\n',
      /line 2: targets\.a: access_key_env and secret_key_env belong together/,
    ],
    [
      'targets:\n  a: {kind: s3, bucket: abc, endpoint: "http://u:p@x"}\n',
      /line 2: targets\.a\.endpoint: an http or https address/,
    ],
    ['targets:\n  a: [\n', /line \d+: /],
    ['targets: &a {}\nother: *a\n', /aliases/],
    [
      'targets:\n  folder: {kind: command, argv: [x]}\n',
      /the target folder must be of kind folder/,
    ],
    ['[]', /line 1: the file: /],
    ['', /line 1: the file: /],
  ]
  for (const [text, message] of vectors) await expect(read(text), text).rejects.toThrow(message)
})
