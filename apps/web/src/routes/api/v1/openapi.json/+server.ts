import { openApiDocument } from '@bestmark/api/plain'
import { json } from '@sveltejs/kit'
import type { RequestHandler } from './$types'

/** The OpenAPI document of the plain API, for client generators. */
export const GET: RequestHandler = ({ url }) => json(openApiDocument(url.origin))
