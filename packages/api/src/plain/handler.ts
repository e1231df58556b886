import { createOpenApiFetchHandler, generateOpenApiDocument } from 'trpc-to-openapi'
import type { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { Issue, issueSentence } from '../issueSentence.ts'
import type { Context } from '../trpc.ts'
import { plainRouter } from './router.ts'

/** The address of the plain API. */
export const ENDPOINT = '/api/v1'

/** The plain API as an OpenAPI 3.1 document. */
export function openApiDocument(origin: string): object {
  return generateOpenApiDocument(plainRouter, {
    title: 'Bestmark',
    description: 'Which checkpoint to ship, and why. NaN and ±Infinity are strings.',
    version: '1',
    baseUrl: `${origin}${ENDPOINT}`,
    tags: ['jobs'],
  })
}

/** The answer to an input that does not fit. */
const Misfit = z.looseObject({ message: z.string(), issues: z.array(Issue).min(1) })

/** Answers a request of the plain API; `onError` is called with each failure. */
export async function answerPlain(
  request: Request,
  createContext: () => Context,
  onError: (error: TRPCError) => void,
): Promise<Response> {
  const answer = await createOpenApiFetchHandler({
    endpoint: ENDPOINT,
    req: request,
    router: plainRouter,
    createContext,
    onError: ({ error }) => onError(error),
  })
  return answer.status === 400 ? withSentence(answer) : answer
}

/** The library says only that the input is wrong, so the message comes from its first problem. */
async function withSentence(answer: Response): Promise<Response> {
  const { status } = answer
  const { data } = Misfit.safeParse(await answer.clone().json())
  const [first] = data?.issues ?? []
  return first ? Response.json({ ...data, message: issueSentence(first) }, { status }) : answer
}
