import type { Direction } from '../run/event.ts'
import type { BetterCheckpoint } from './better.ts'
import { grouped } from '../metric/figure.ts'

/**
 * Says how a better checkpoint compares with the live one: `A better one exists: step 500 of moby,
 * 0.011 lower.` `figure` writes values, as the reader's other figures are written.
 */
export function betterText(
  { checkpoint, name, by, noise, is_within_noise, is_data_unknown, alive }: BetterCheckpoint,
  direction: Direction | null | undefined,
  figure: (value: number) => string,
): string {
  const side = direction === 'max' ? 'higher' : 'lower'
  const facts = [
    `A better one exists: step ${grouped(checkpoint.step)} of ${name}, ${figure(by)} ${side}.`,
    is_within_noise && noise ? `The noise (±${figure(noise.standard_error)}) may explain it.` : '',
    is_data_unknown ? 'It is unknown whether both were evaluated on the same data.' : '',
    alive ? 'That run is still running.' : '',
  ]
  return facts.filter(Boolean).join(' ')
}
