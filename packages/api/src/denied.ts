import { includesScope } from '@bestmark/core'
import type { ProcedureType } from '@trpc/server'
import type { Caller } from './caller.ts'
import { type AppRouter, appRouter } from './root.ts'
import { type Meta, neededScope } from './trpc.ts'

type Procedures = AppRouter['_def']['record']

type PathsIn<Record> = {
  [Name in keyof Record & string]: Record[Name] extends { _def: unknown }
    ? Name
    : `${Name}.${PathsIn<Record[Name]>}`
}[keyof Record & string]

/** The path of a procedure, such as `jobs.create`. */
export type ProcedurePath = PathsIn<Procedures>

// tRPC describes these as nested, but the record is flat.
const PROCEDURES = appRouter._def.procedures as unknown as Record<
  ProcedurePath,
  { _def: { type: ProcedureType; meta?: Meta } }
>

/** The procedures that refuse a caller for its scope, so that a page need not offer them. */
export function deniedTo({ scope }: Caller): ProcedurePath[] {
  const paths = Object.keys(PROCEDURES) as ProcedurePath[]
  return paths.filter((path) => {
    const { type, meta } = PROCEDURES[path]._def
    return !includesScope(scope, neededScope(type, meta))
  })
}
