import type { SlurmJob } from '@bestmark/core'
import { randomUUID } from 'node:crypto'
import { mkdir, realpath, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { callerPath } from '../../cli/callerPath.ts'
import { errorText, Failure, systemCode } from '../../failure.ts'
import { isAtOrBelow } from '../../files/below.ts'
import { forgetRunProcess } from '../../processes/mark.ts'
import { slurmFolder } from '../../slurm/requeue.ts'
import { readRunNote, removeRunNote, type RunNote, writeRunNote } from '../../sources/runNote.ts'

/** The folder of a run before its program starts. */
export class RunFolder {
  readonly root: string
  /** The Slurm job in which this process runs. */
  readonly slurm: SlurmJob | undefined
  /** The highest folder that was created for it. */
  readonly #created: string | undefined
  readonly #note: RunNote | undefined

  private constructor(
    { root, slurm }: Pick<RunFolder, 'root' | 'slurm'>,
    created: string | undefined,
    note: RunNote | undefined,
  ) {
    this.root = root
    this.slurm = slurm
    this.#created = created
    this.#note = note
  }

  /**
   * The given folder, else one in the board's data folder: a new one, or the one of a Slurm job that
   * was started again.
   */
  static async open(
    home: string,
    given: string | undefined,
    { name, slurm }: { name: string; slurm: SlurmJob | undefined },
  ): Promise<RunFolder> {
    const plain = name.replace(/[^\w.-]+/g, '-')
    const folders = join(home, 'runs')
    const fresh =
      (await slurmFolder(folders, plain, slurm)) ??
      join(folders, `${plain}-${randomUUID().slice(0, 8)}`)
    const folder = given === undefined ? fresh : callerPath(given)
    const created = await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw new Failure(`Cannot create the folder ${folder}: ${errorText(cause)}`, { cause })
    })
    const root = await realpath(folder)
    return new RunFolder(
      { root, slurm },
      created && (await realpath(created)),
      await readRunNote(root),
    )
  }

  /** Leaves the folder as it was, because the program could not be started. */
  async restore(): Promise<void> {
    forgetRunProcess(this.root)
    if (this.#note) writeRunNote(this.root, this.#note)
    else removeRunNote(this.root)
    const created = this.#created
    if (created === undefined) return
    for (let folder = this.root; isAtOrBelow(folder, created); folder = dirname(folder)) {
      if (!(await isRemoved(folder))) return
    }
  }
}

/** Removes a folder unless it has files, such as those of another program. */
async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
