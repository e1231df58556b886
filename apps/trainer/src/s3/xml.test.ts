import { expect, test } from 'vitest'
import { elements, textOf } from './xml.ts'

const LIST = `<?xml version="1.0"?><L xmlns="http://s3"><Part><N>1</N><ETag>&quot;a&amp;b&#x21;&#33;&quot;</ETag></Part>
<Part><N>2</N></Part><Parts>x</Parts></L>`

test('elements are found by their whole name, and their text is decoded', () => {
  expect(elements(LIST, 'Part').map((part) => textOf(part, 'N'))).toEqual(['1', '2'])
  expect(textOf(LIST, 'ETag')).toBe('"a&b!!"')
  expect(textOf(LIST, 'Key')).toBeUndefined()
})
