const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** Bytes in decimal units, such as 1.4 MB; a dash if the size is unknown. */
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–'
  let [amount, unit] = [bytes, 0]
  while (amount >= 999.5 && unit < UNITS.length - 1) [amount, unit] = [amount / 1000, unit + 1]
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1
  return `${amount.toFixed(digits)} ${UNITS[unit]}`
}
