import { appendFileSync, linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../failure.ts'
import { statIfSeen, textOfFile } from '../../files/runFile.ts'
import { forgetRunProcess, writeKeptProcess } from '../../processes/mark.ts'
import { ERRORS, MARK, OUTPUT } from '../../sources/output/runOutput.ts'
import { removeRunNote, writeRunNote } from '../../sources/runNote.ts'
import { SETUP_NOTE } from '../../sources/config/setupNote.ts'
import { USAGE } from '../../sources/setup/usageFile.ts'

/** The job that the note in the folder names. */
interface RunNote {
  name: string
  project: string
  job_id: string
}

/**
 * A folder to which a program writes a run, while its output is kept in another folder (`from`). It
 * gets the same files as with `bestmark run --folder`, so that readers see how the run ended.
 */
export class JoinedFolder {
  readonly root: string
  readonly #from: string
  #isWhole: boolean
  #isBegun = false

  /** `isWhole`: the whole output belongs to this run; else only its start and end marks. */
  constructor(from: string, root: string, isWhole: boolean) {
    this.root = root
    this.#from = from
    this.#isWhole = isWhole
  }

  /** Whether the whole output belongs to this run. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Puts the program's marks, and its output if it belongs to this run, into the folder. */
  async begin(pid: number, note: RunNote): Promise<void> {
    writeRunNote(this.root, note)
    writeKeptProcess(this.root, pid)
    await this.#keepOutput()
  }

  /** The program writes several runs, so its output no longer belongs to this run alone. */
  async shareOutput(): Promise<void> {
    if (!this.#isWhole) return
    this.#isWhole = false
    await this.#keepOutput()
  }

  /** Stores the end of the program. */
  async noteEnd(): Promise<void> {
    await this.#keepOutput()
  }

  /** The run has no program any more. */
  release(): void {
    forgetRunProcess(this.root)
  }

  /** Removes all files of Bestmark, since the run has another folder. */
  withdraw(): void {
    for (const name of [OUTPUT, ERRORS, SETUP_NOTE, USAGE]) {
      rmSync(join(this.root, name), { force: true })
    }
    removeRunNote(this.root)
    this.release()
  }

  async #keepOutput(): Promise<void> {
    if (!this.#isBegun) await this.#keepEarlierOutput()
    this.#isBegun = true
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

  /** Moves the output of earlier programs, which belongs to another run, to other files. */
  async #keepEarlierOutput(): Promise<void> {
    for (const name of [OUTPUT, ERRORS]) {
      const path = join(this.root, name)
      if (!statIfSeen(path) || this.#isLinked(name)) continue
      appendFileSync(path.replace(/\.log$/, '.earlier.log'), await textOfFile(path))
    }
  }

  /** Whether the folder has the file that the program writes. */
  #isLinked(name: string): boolean {
    const [there, here] = [join(this.#from, name), join(this.root, name)].map(statIfSeen)
    return there !== undefined && here?.ino === there.ino && here.dev === there.dev
  }

  /** Links a file, so that both folders have the file that the program writes. */
  #link(name: string): void {
    const [from, to] = [join(this.#from, name), join(this.root, name)]
    if (!statIfSeen(from) || this.#isLinked(name)) return
    rmSync(to, { force: true })
    try {
      linkSync(from, to)
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      symlinkSync(from, to)
    }
  }
}
