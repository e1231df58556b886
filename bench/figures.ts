/** The quantile: this share of the sorted samples is below it. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** Milliseconds, with more digits for smaller values. */
export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${value.toFixed(0)} ms`
}

/** How long each call took (ms), without the first one, which warms up. */
export async function timings(rounds: number, work: () => unknown): Promise<number[]> {
  const taken: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const since = performance.now()
    await work()
    if (round > 0) taken.push(performance.now() - since)
  }
  return taken
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}
