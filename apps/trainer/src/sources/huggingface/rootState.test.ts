import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeOld, temporaryFolder, writeOutput } from '../../testing.ts'
import { readerWarnings } from '../events/newEvents.ts'
import { readRun } from '../readRun.ts'

/** Kinds of damage to the state file of a run, and the warning for each. */
const DAMAGED: Record<string, [make: (path: string) => unknown, warning: string]> = {
  noise: [
    (path) => writeFile(path, Buffer.from([0xff, 0, 0x88, ...Buffer.from('[[[[{{{{')])),
    'it is not valid JSON.',
  ],
  cut: [
    (path) => writeFile(path, '{"log_history": [\n{"step": 1'),
    'it is not valid JSON (line 2).',
  ],
  'a word too many': [
    (path) => writeFile(path, '{\n"log_history": [],\nsecret\n}'),
    'it is not valid JSON (line 3).',
  ],
  'a list': [
    (path) => writeFile(path, '[]'),
    'it is not a valid trainer state: its outermost value has an unexpected value.',
  ],
  'a pointer': [
    (path) => writeFile(path, 'version https://git-lfs.github.com/spec/v1\n'),
    'it is a Git LFS pointer, not the file itself; download the file itself.',
  ],
  folder: [(path) => mkdir(path), 'it cannot be read (it is a folder, not a file).'],
  pipe: [(path) => execFileSync('mkfifo', [path]), 'it cannot be read (it is a pipe, not a file).'],
  loop: [(path) => symlink(path, path), 'it cannot be read (its links form a loop).'],
}

for (const [kind, [make, warning]] of Object.entries(DAMAGED)) {
  test(`a damaged state beside complete checkpoints gives one warning: ${kind}`, async () => {
    await using folder = await temporaryFolder()
    const root = join(folder.path, 'run')
    await writeOutput(root, { saves: [10, 20], log: [{ step: 10, eval_loss: 1 }] })
    const state = join(root, 'trainer_state.json')
    await rm(state, { force: true })
    await makeOld(root)
    await make(state)
    const { events } = await readRun(root)
    expect(readerWarnings(events)).toEqual([`Skipped trainer_state.json: ${warning}`])
  })
}
