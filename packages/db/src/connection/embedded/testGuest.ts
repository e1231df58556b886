import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Machine } from '../machine.ts'

/** Makes a process load its modules sooner. */
const LOADER = import.meta.resolve('@bestmark/db/loader')

interface GuestOptions extends SpawnOptions {
  /** The words of a command that runs the process, as `unshare` does. */
  prefix?: readonly string[]
  /** The machine on which it believes to run. */
  machine?: Machine
}

/** Another process that opens the board of a data folder, prints its id, and waits until `leave`. */
export class Guest {
  readonly child: ChildProcess
  readonly output: Promise<string>

  constructor(home: string, { prefix = [], machine, ...options }: GuestOptions = {}) {
    const module = (name: string) => JSON.stringify(join(import.meta.dirname, '..', name))
    const code = `
      import { openDatabase } from ${module('openDatabase.ts')}
      import { migrate } from ${module('migrate.ts')}
      import { boardId } from ${module('../rows/board.ts')}
      try {
        const db = await openDatabase(${JSON.stringify({ home, machine })})
        await migrate(db)
        console.log(await boardId(db), db.describe)
        process.stdin.on('end', () => db.close()).resume()
      } catch (error) {
        console.log(error.name + ': ' + error.message)
      }`
    const [program = process.execPath, ...words] = [
      ...prefix,
      ...[process.execPath, '--import', LOADER, '--input-type=module', '-e', code],
    ]
    // A guest that a failed test leaves behind must not keep the test's own outputs open.
    const stdio: SpawnOptions['stdio'] = ['pipe', 'pipe', 'ignore']
    this.child = spawn(program, words, { cwd: '/', ...options, stdio })
    // A process that a failed test leaves running would block the whole test run.
    onTestFinished(() => void this.child.kill('SIGKILL'))
    const ended = once(this.child, 'close').then(([code, signal]: unknown[]) => {
      throw new Error(`The guest ended with ${String(code ?? signal)} before it printed anything.`)
    })
    const printed = once(this.child.stdout ?? this.child, 'data').then(([text]) => String(text))
    this.output = Promise.race([printed, ended]).then((text) => text.trim())
    // A test that ended early does not wait for it.
    this.output.catch(() => undefined)
  }

  async leave(): Promise<void> {
    this.child.stdin?.end()
    if (this.child.exitCode === null && this.child.signalCode === null)
      await once(this.child, 'exit')
  }
}
