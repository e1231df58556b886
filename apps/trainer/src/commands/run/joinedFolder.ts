import { linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { statIfSeen, textOfFile } from '../../files/runFile.ts'
import { forgetRunProcess, writeKeptProcess } from '../../processes/mark.ts'
import { ERRORS, MARK, OUTPUT } from '../../sources/output/textLog.ts'
import { removeRunNote, writeRunNote } from '../../sources/runNote.ts'
import { SETUP_NOTE } from '../../sources/setup/setupNote.ts'
import { USAGE } from '../../sources/setup/usageFile.ts'

/** The run that is told of in the folder. */
interface Noted {
  name: string
  project: string
  job_id: string
}

/**
 * A folder that a program writes a run to, while its output is kept in another one (`from`). It gets
 * the same files as if `bestmark run --folder` had named it, so that whoever reads it knows how the
 * run ended.
 */
export class JoinedFolder {
  readonly root: string
  readonly #from: string
  #isWhole: boolean

  /** `isWhole`: all that the program prints is of this run; else only how it began and ended. */
  constructor(from: string, root: string, isWhole: boolean) {
    this.root = root
    this.#from = from
    this.#isWhole = isWhole
  }

  /** Whether all that the program prints is of this run. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Puts the program's marks, and its output where that is of this run, into the folder. */
  async begin(pid: number, noted: Noted): Promise<void> {
    writeRunNote(this.root, noted)
    writeKeptProcess(this.root, pid)
    await this.#keepOutput()
  }

  /** The program writes other runs as well, so that its output tells of several. */
  async shareOutput(): Promise<void> {
    if (!this.#isWhole) return
    this.#isWhole = false
    await this.#keepOutput()
  }

  /** Once the program has ended: notes how. */
  async noteEnd(): Promise<void> {
    await this.#keepOutput()
  }

  /** Nobody drives the run any more. */
  release(): void {
    forgetRunProcess(this.root)
  }

  /** The run's folder is found to be another one: nothing of ours stays in this one. */
  withdraw(): void {
    for (const name of [OUTPUT, ERRORS, SETUP_NOTE, USAGE]) {
      rmSync(join(this.root, name), { force: true })
    }
    removeRunNote(this.root)
    this.release()
  }

  async #keepOutput(): Promise<void> {
    for (const name of [SETUP_NOTE, USAGE]) this.#link(name)
    if (this.#isWhole) for (const name of [OUTPUT, ERRORS]) this.#link(name)
    else {
      const text = await textOfFile(join(this.#from, OUTPUT))
      const marks = text.split('\n').filter((line) => line.startsWith(MARK))
      rmSync(join(this.root, ERRORS), { force: true })
      rmSync(join(this.root, OUTPUT), { force: true })
      writeFileSync(join(this.root, OUTPUT), marks.map((line) => `${line}\n`).join(''))
    }
  }

  /** The program goes on to write to the one file that both folders name. */
  #link(name: string): void {
    const [from, to] = [join(this.#from, name), join(this.root, name)]
    const [there, here] = [statIfSeen(from), statIfSeen(to)]
    if (!there || (here?.ino === there.ino && here.dev === there.dev)) return
    rmSync(to, { force: true })
    try {
      linkSync(from, to)
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      symlinkSync(from, to)
    }
  }
}
