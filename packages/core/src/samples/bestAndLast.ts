/** A step with samples. A null step sorts first. */
interface SampledStep {
  attempt: number
  step: number | null
}

/** The samples to look at first. */
export interface BestAndLast<Sampled> {
  /** The step nearest to the best checkpoint within its attempt. */
  best: Sampled | undefined
  /** Steps from the best checkpoint to its samples: negative if they were made before it. */
  distance: number
  last: Sampled | undefined
}

/**
 * Chooses the samples nearest to the best checkpoint, and the last ones. Programs often sample at
 * other steps than they save; if two steps are equally near, the earlier one is taken.
 */
export function bestAndLast<Sampled extends SampledStep>(
  sampled: readonly Sampled[],
  best: SampledStep | null,
): BestAndLast<Sampled> {
  const last = sampled.reduce<Sampled | undefined>(
    (latest, one) => (latest && isBefore(one, latest) ? latest : one),
    undefined,
  )
  let nearest: Sampled | undefined
  let distance = Infinity
  for (const one of sampled) {
    const away = one.attempt === best?.attempt ? difference(one.step, best.step) : null
    if (away === null) continue
    const isNearer = Math.abs(away) < Math.abs(distance)
    if (!isNearer && away !== -Math.abs(distance)) continue
    nearest = one
    distance = away
  }
  return { best: nearest, distance: nearest ? distance : 0, last }
}

function difference(step: number | null, best: number | null): number | null {
  return step === null || best === null ? null : step - best
}

function isBefore(one: SampledStep, other: SampledStep): boolean {
  return (one.attempt - other.attempt || (one.step ?? -1) - (other.step ?? -1)) < 0
}
