import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { inspectCheckpoint } from './inspect.ts'
import { real, train, why } from '../sources/programsTesting.ts'
import { temporaryFolder } from '../testing.ts'

real(
  `files of torch are complete, and broken if their end or a part is missing${why}`,
  async () => {
    await using folder = await temporaryFolder()
    await train('torch_save.py', folder.path)
    const look = async (path: string) => {
      const { files_state, kind } = await inspectCheckpoint(folder.path, path, null)
      return [files_state, kind]
    }
    expect(await look('whole.pt')).toEqual(['complete', 'full'])
    expect(await look('distributed')).toEqual(['complete', 'sharded'])
    for (const [path, file] of [
      ['whole.pt', 'whole.pt'],
      ['distributed', 'distributed/__0_0.distcp'],
    ] as const) {
      const bytes = await readFile(join(folder.path, file))
      await writeFile(join(folder.path, file), bytes.subarray(0, -10))
      expect(await look(path)).toEqual(['broken', expect.any(String)])
      await writeFile(join(folder.path, file), bytes)
    }
    await rm(join(folder.path, 'distributed/.metadata'))
    expect(await look('distributed')).toEqual(['broken', 'sharded'])
  },
)
