/**
 * A function that runs `task`, once more if it was asked again meanwhile, and never twice at a time.
 * A failed run is left to the next call: whoever reads from the board is told again when it is back.
 */
export function coalesced(task: () => Promise<void>): () => void {
  let running = false
  let again = false

  async function run(): Promise<void> {
    running = true
    do {
      again = false
      await task().catch(() => undefined)
    } while (again)
    running = false
  }
  return () => {
    if (running) again = true
    else void run()
  }
}
