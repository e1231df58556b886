import { execFile } from 'node:child_process'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { command } from '../commands/testing.ts'
import { temporaryFolder } from '../testing.ts'
import { CLIENT, python, real, why } from './programsTesting.ts'

const run = promisify(execFile)

/** Builds with the hooks that pip and `python -m build` call (PEP 517). */
const BUILD = `
import sys, setuptools.build_meta as backend
kind, folder = sys.argv[1:]
print((backend.build_wheel if kind == 'wheel' else backend.build_sdist)(folder))`

async function build(kind: 'wheel' | 'sdist', source: string, out: string): Promise<string> {
  const { stdout } = await run(python ?? '', ['-c', BUILD, kind, out], { cwd: source })
  return join(out, stdout.trim().split('\n').at(-1) ?? '')
}

async function filesIn(wheel: string): Promise<string[]> {
  const words = [
    '-c',
    'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))',
  ]
  const { stdout } = await run(python ?? '', [...words, wheel])
  return stdout.trim().split('\n').sort()
}

/** A training that uses the client. */
const TRAINING = `
import os, bestmark
bestmark.init("out", name="installed")
for step in (1, 2, 3):
    bestmark.log({"eval_loss": 1 + abs(step - 2)}, step=step)
    os.makedirs(f"out/checkpoint-{step}")
    open(f"out/checkpoint-{step}/model.bin", "w").write("weights")
    bestmark.checkpoint(f"out/checkpoint-{step}", step=step)
bestmark.finish()
print(bestmark.__file__)`

real(
  `the Python client is installed from its wheel, and its sdist gives the same${why}`,
  async () => {
    await using folder = await temporaryFolder()
    const source = join(folder.path, 'source')
    await cp(CLIENT, source, {
      recursive: true,
      filter: (path) => !/egg-info|__pycache__/.test(path),
    })
    const out = join(folder.path, 'out')
    await mkdir(out)
    const wheel = await build('wheel', source, out)
    const sdist = await build('sdist', source, out)
    await run('tar', ['-xzf', sdist], { cwd: folder.path })
    const [unpacked = ''] = (await readdir(folder.path)).filter((name) => /^bestmark-/.test(name))
    const again = join(folder.path, 'again')
    await mkdir(again)
    const second = await build('wheel', join(folder.path, unpacked), again)
    expect(await filesIn(second)).toEqual(await filesIn(wheel))
    const venv = join(folder.path, 'venv')
    await run(python ?? '', ['-m', 'venv', venv])
    const installed = join(venv, 'bin', 'python')
    await run(installed, ['-m', 'pip', 'install', '--quiet', '--no-index', wheel])
    await writeFile(join(folder.path, 'train.py'), TRAINING)
    const env = { PATH: process.env['PATH'] ?? '' }
    const { stdout } = await run(installed, ['train.py'], { cwd: folder.path, env })
    expect(stdout.trim().startsWith(venv)).toBe(true)
    const picked = await command(['pick', join(folder.path, 'out')])
    expect(picked.stdout.split('\n')[0]).toBe(join(folder.path, 'out', 'checkpoint-2'))
  },
)
