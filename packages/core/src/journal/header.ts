import { z } from 'zod'

/** The first line of a journal: its job and names. */
export const JournalHeader = z.object({
  journal: z.literal(1),
  job_id: z.uuid(),
  name: z.string(),
  project: z.string(),
  /** The built-in recipe that trains it; null if another program does. */
  recipe: z.string().nullable().default(null),
})

export type JournalHeader = z.infer<typeof JournalHeader>
