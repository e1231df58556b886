import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command } from '../commands/testing.ts'
import { temporaryFolder, writeFiles } from '../testing.ts'
import { searchRuns } from './runSearch.ts'
import { linkCheckpoints } from './checkpointLinks.ts'
import { readRun } from './readRun.ts'
import { rowsFrom } from '@bestmark/core'

/** Logs and weights in separate folders that nothing links. */
async function apart(root: string): Promise<void> {
  await writeFiles(root, {
    'logs of mine/a/table.csv': 'epoch,train_loss,val_loss\n1,1,3\n2,1,1\n3,1,2\n',
    'kept/a/model_1.pt': 'w',
    'kept/a/model_2.pt': 'w',
    'kept/a/model_3.pt': 'w',
  })
}

test('--checkpoints joins checkpoints to logs in another folder, and pick removes its links', async () => {
  await using folder = await temporaryFolder()
  await apart(folder.path)
  const argv = ['pick', '--json', 'logs of mine/a', '--checkpoints']
  for (const named of ['kept/a', 'kept/a/model_3.pt']) {
    const { stdout, stderr } = await command([...argv, named], { cwd: folder.path })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      best_checkpoint_path: join(folder.path, 'kept/a/model_2.pt'),
      best_metric: 1,
    })
    expect(await readdir(join(folder.path, 'kept/a'))).toHaveLength(3)
    expect(await readdir(join(folder.path, 'logs of mine/a'))).toHaveLength(1)
  }
})

test('linked logs and checkpoints are one run, from either folder', async () => {
  await using folder = await temporaryFolder()
  await apart(folder.path)
  const [logs, weights] = [join(folder.path, 'logs of mine/a'), join(folder.path, 'kept/a')]
  await linkCheckpoints(logs, weights)
  // A second call changes nothing.
  await linkCheckpoints(logs, weights)
  for (const path of [logs, weights]) {
    const { root, events } = await readRun(path)
    expect(root).toBe(weights)
    expect(rowsFrom(events).checkpoints.map(({ path, step }) => [path, step])).toEqual([
      ['model_1.pt', 1],
      ['model_2.pt', 2],
      ['model_3.pt', 3],
    ])
  }
  const walk = { signal: new AbortController().signal, onUnreadable: () => undefined }
  const found: string[] = []
  for await (const { root } of searchRuns(folder.path, walk)) found.push(root)
  expect(found).toEqual([weights])
})

test('checkpoints that are linked to other logs are refused with the link to remove, and a folder without a log is refused', async () => {
  await using folder = await temporaryFolder()
  await apart(folder.path)
  const at = (...parts: string[]) => join(folder.path, ...parts)
  await linkCheckpoints(at('logs of mine/a'), at('kept/a'))
  await writeFiles(folder.path, { 'other/table.csv': 'epoch,val_loss\n1,1\n', 'empty/x.md': '' })
  await expect(linkCheckpoints(at('other'), at('kept/a'))).rejects.toThrow(
    `${at('kept/a')} is already linked to ${at('logs of mine/a')}. Remove ${at('kept/a/bestmark-logs')} to undo that.`,
  )
  await writeFiles(folder.path, { 'kept/b/model_1.pt': 'w' })
  await expect(linkCheckpoints(at('empty'), at('kept/b'))).rejects.toThrow(
    'No training log found in',
  )
  expect(await readdir(at('kept/b'))).toEqual(['model_1.pt'])
  const { code, stderr } = await command(['pick', 'a', 'b', '--checkpoints', 'c'])
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('--checkpoints needs exactly one PATH; got 2.'),
  ])
})
