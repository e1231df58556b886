/**
 * Where a package's tests report to: the screen, and with BESTMARK_REPORTS (a folder) also a JSON
 * file there, from which the closing line of a whole run is summed.
 */
export function reportersFor(name: string) {
  const folder = process.env['BESTMARK_REPORTS']
  if (!folder) return { reporters: ['default'] }
  return { reporters: ['default', 'json'], outputFile: { json: `${folder}/${name}.json` } }
}
