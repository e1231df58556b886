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

const secondTicks = createSubscriber((update) => {
  const timer = setInterval(update, 1_000)
  return () => clearInterval(timer)
})

/** Whole seconds until a moment (ms), at least 0; counts down where a component reads it. */
export function secondsUntil(moment: number): number {
  secondTicks()
  return Math.max(0, Math.ceil((moment - Date.now()) / 1_000))
}
