import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/**
 * A Python process that has loaded the libraries of one program, and forks for each of its runs:
 * loading takes longer than a small training. It ends with the process of the tests.
 */
export class Forks {
  readonly #program: string
  readonly #process
  readonly #answers

  constructor(python: string, program: string, env: NodeJS.ProcessEnv) {
    this.#program = program
    this.#process = spawn(python, [join(dirname(program), 'forks.py'), program], {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]()
  }

  /** Runs the program with these words; returns its output. Throws what it printed if it fails. */
  async run(argv: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'bestmark-program-'))
    const [out, err] = [join(folder, 'out'), join(folder, 'err')]
    this.#process.stdin.write(`${JSON.stringify({ argv, out, err })}\n`)
    // Runs are answered one after another, in their order.
    const { done, value } = await this.#answers.next()
    if (done) throw new Error(`The process that forks for ${this.#program} has ended.`)
    const { code } = JSON.parse(value) as { code: number }
    if (code !== 0) {
      const errors = await readFile(err, 'utf8')
      throw new Error(`${this.#program} ended with ${code}:\n${errors}`)
    }
    const printed = await readFile(out, 'utf8')
    await rm(folder, { recursive: true })
    return printed
  }
}
