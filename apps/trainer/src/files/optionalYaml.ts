import type { z } from 'zod'
import { systemCode } from '../failure.ts'
import { checkedYaml } from './checkedYaml.ts'
import { textOfFile } from './runFile.ts'

/** The options in a YAML file, as `checkedYaml`; undefined if there is no such file. */
export async function optionalYaml<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const text = await textOfFile(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : checkedYaml(text, path, schema)
}
