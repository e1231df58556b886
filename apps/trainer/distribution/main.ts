import { fileURLToPath } from 'node:url'
import { build } from './distribution.ts'

await build(fileURLToPath(new URL('../build', import.meta.url)))
