import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/*
 * Other programs of Bestmark are started by path. In a checkout they are TypeScript, and Node needs a
 * loader that resolves its imports fast. In the npm package they are bundled JavaScript.
 */

/** This code is the npm package, which has no sources and no tools. */
export const IS_PACKED = !import.meta.url.endsWith('.ts')

/** The path of a program, which is named by its TypeScript file. */
export function programPath(name: string, base: string): string {
  return fileURLToPath(new URL(IS_PACKED ? name.replace(/\.ts$/, '.js') : name, base))
}

/** The options of Node for a program of Bestmark. */
export function nodeOptions(): string[] {
  // The tests' setup calls this where `import.meta.resolve` is missing.
  return IS_PACKED ? [] : ['--import', createRequire(import.meta.url).resolve('./loader.js')]
}
