import { createOpenApiFetchHandler, generateOpenApiDocument } from 'trpc-to-openapi'
import type { TRPCError } from '@trpc/server'
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

/** Answers a request of the plain API; `onError` is called with each failure. */
export function answerPlain(
  request: Request,
  createContext: () => Context,
  onError: (error: TRPCError) => void,
): Promise<Response> {
  return createOpenApiFetchHandler({
    endpoint: ENDPOINT,
    req: request,
    router: plainRouter,
    createContext,
    onError: ({ error }) => onError(error),
  })
}
