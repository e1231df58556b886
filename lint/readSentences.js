const MESSAGE =
  'A sentence is for people: no program reads it. Give a code or a field beside it and ask that.'

/** Names that hold sentences in this code. */
const SENTENCES =
  /^(why|why_not|reason|remark|summary|sentence|decided|declared_by|files_why|problem)$/
/** Methods that look into a text. */
const READS = new Set(
  'startsWith endsWith includes indexOf match matchAll search replace replaceAll'.split(' '),
)

/** Refuses a look into a text whose name says that it is a sentence, such as `why.startsWith(…)`. */
export const readSentences = {
  meta: { type: 'problem', schema: [], messages: { read: MESSAGE } },
  create(context) {
    const nameOf = (node) => (node.type === 'MemberExpression' ? node.property.name : node.name)
    const isSentence = (node) => SENTENCES.test(nameOf(node) ?? '')
    return {
      CallExpression: (node) => {
        const { callee } = node
        if (callee.type !== 'MemberExpression') return
        const read = READS.has(callee.property.name) && isSentence(callee.object)
        const isPattern = /^(test|exec)$/.test(callee.property.name ?? '')
        const [text] = node.arguments
        if (read || (isPattern && text && isSentence(text)))
          context.report({ node, messageId: 'read' })
      },
    }
  },
}
