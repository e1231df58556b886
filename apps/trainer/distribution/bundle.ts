import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

/** The folder of the bundled code in the package. */
export const CODE = 'code'

interface BundleOrder {
  /** The root of this repository. */
  root: string
  /** The package. */
  folder: string
  /** The module of each entry, by its name. */
  entries: Record<string, string>
  /** Folders that have another path in the package. */
  moved: Record<string, string>
}

/** Bundles all code with its packages into the folder CODE of the package. */
export async function bundle({ root, folder, entries, moved }: BundleOrder): Promise<void> {
  await using bundled = await rolldown({
    input: entries,
    platform: 'node',
    plugins: [pathsOfPackage(root, moved), manifests(), zstd()],
    transform: { target: 'node20' },
    // These are packages that some libraries would use if they were there.
    external: [/^(bufferutil|utf-8-validate)$/],
    onLog: (level, log) => {
      if (level === 'warn' && log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
    },
  })
  await bundled.write({
    dir: `${folder}/${CODE}`,
    format: 'esm',
    minify: { compress: true, mangle: false, codegen: false },
    comments: { legal: true },
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  })
}

/** Gives each module of ours the URL in the package that it would have without a bundle. */
function pathsOfPackage(root: string, moved: Record<string, string>): Plugin {
  return {
    name: 'paths-of-package',
    transform: {
      filter: { code: /import\.meta\.(url|dirname)/ },
      handler: (code, id) => {
        if (id.includes('/node_modules/')) return undefined
        const path = pathIn(root, moved, id).replace(/\.ts$/, '.js')
        const url = `new URL(${JSON.stringify(`../${path}`)}, import.meta.url)`
        const dirname = `import.meta.dirname + ${JSON.stringify(`/../${path}/..`)}`
        return code
          .replaceAll('import.meta.dirname', `(${dirname})`)
          .replaceAll(/import\.meta\.url/g, `${url}.href`)
      },
    },
  }
}

const ZLIB = join(import.meta.dirname, 'zlib.ts')

/** Adds zstd to Node 20. */
function zstd(): Plugin {
  return {
    name: 'zstd',
    resolveId: {
      filter: { id: /^node:zlib$/ },
      handler: (_id, importer) => (importer === ZLIB ? undefined : ZLIB),
    },
  }
}

/** Bundles only what a program reads of its package.json. */
function manifests(): Plugin {
  return {
    name: 'manifests',
    load: {
      filter: { id: /[/\\]package\.json$/ },
      handler: async (id) => {
        const { name, version } = JSON.parse(await readFile(id, 'utf8')) as Record<string, unknown>
        return { code: `export default ${JSON.stringify({ name, version })}`, moduleType: 'js' }
      },
    },
  }
}

function pathIn(root: string, moved: Record<string, string>, id: string): string {
  for (const [from, to] of Object.entries(moved)) {
    if (id.startsWith(from + sep)) return `${to}/${relative(from, id)}`
  }
  return relative(root, id)
}
