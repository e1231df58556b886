/**
 * A function that runs `task`, once more if it was asked again meanwhile, and never twice at a time.
 * A failed run is left to the next call: whoever reads from the board is told again when it is back.
 */
export function coalesced(task: () => Promise<void>): () => void {
  let running = false
  let again = false
  return async function ask() {
    again = running
    if (running) return
    running = true
    await task().catch(() => undefined)
    running = false
    if (again) ask()
  }
}
