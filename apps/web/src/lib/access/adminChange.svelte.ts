import { invalidateAll } from '$app/navigation'

/** A change of an admin that a page makes and shows, with what came of it. */
export class AdminChange<Shown> {
  /** What is shown once, such as a secret that the board does not store. */
  shown = $state.raw<Shown>()
  /** Why the last change failed. */
  problem = $state('')
  /** What the last change did. */
  done = $state('')
  busy = $state(false)

  /** Makes a change and reads the page again; returns whether that succeeded. */
  protected async change(work: () => Promise<void>): Promise<boolean> {
    this.problem = ''
    this.done = ''
    this.shown = undefined
    this.busy = true
    try {
      await work()
      await invalidateAll()
      return true
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error)
      return false
    } finally {
      this.busy = false
    }
  }
}
