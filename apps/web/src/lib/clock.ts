import { createSubscriber } from 'svelte/reactivity'

const ticks = createSubscriber((update) => {
  const timer = setInterval(update, 5_000)
  return () => clearInterval(timer)
})

/** The present, in milliseconds; whoever reads it while rendering is rendered again as it passes. */
export function now(): number {
  ticks()
  return Date.now()
}
