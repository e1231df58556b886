import { createSubscriber } from 'svelte/reactivity'

const ticks = createSubscriber((update) => {
  const timer = setInterval(update, 5_000)
  return () => clearInterval(timer)
})

/** The present, in milliseconds; a component that reads it is rendered again as time passes. */
export function now(): number {
  ticks()
  return Date.now()
}
