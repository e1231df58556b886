const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** Bytes as people say them, such as 1.4 MB; a dash where the size is not known. */
export function sizeWords(bytes: number | null): string {
  if (bytes === null) return '–'
  let [size, unit] = [bytes, 0]
  while (size >= 999.5 && unit < UNITS.length - 1) [size, unit] = [size / 1000, unit + 1]
  return `${unit === 0 ? size : size.toPrecision(size < 10 ? 2 : 3)} ${UNITS[unit]}`
}
