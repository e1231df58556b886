// This file is JavaScript, because TypeScript costs 40 ms more before the compile cache is on.
import { enableCompileCache, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

// A folder that cannot be written only costs time.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/bestmark', import.meta.url)))

/** Packages of ES modules alone, whose relative imports name files exactly. */
const EXACT = /\/node_modules\/(drizzle-orm|zod)\//
/** What is found of a package that many files import. */
const PACKAGE = /^drizzle-orm(\/|$)/
/** @type {Map<string, import('node:module').ResolveFnOutput>} */
const found = new Map()

// To resolve an import, Node 24 parses the package.json of its package each time, and looks at the
// disk. The package.json of drizzle-orm has 180 kB, so its 106 modules took 0.5 s.
registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context
    const format = formatOf(specifier, parentURL)
    if (format) return { url: new URL(specifier, parentURL).href, format, shortCircuit: true }
    if (!PACKAGE.test(specifier)) return next(specifier, context)
    const resolved = found.get(specifier) ?? next(specifier, context)
    found.set(specifier, resolved)
    return { ...resolved, shortCircuit: true }
  },
})

/**
 * The format of a file that a relative import names exactly; else undefined.
 * @param {string} specifier
 * @param {string} parentURL
 */
function formatOf(specifier, parentURL) {
  if (!specifier.startsWith('.')) return undefined
  if (specifier.endsWith('.ts')) return 'module-typescript'
  return specifier.endsWith('.js') && EXACT.test(parentURL) ? 'module' : undefined
}
