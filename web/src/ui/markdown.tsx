import DOMPurify from 'dompurify'
import { Marked } from 'marked'
import { useMemo } from 'react'

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // One level: the page's own headings stand above these.
    heading({ tokens }) {
      return `<h3>${this.parser.parseInline(tokens)}</h3>`
    },
    link({ href, tokens }) {
      return `<a href="${escape(href)}" target="_blank" rel="noopener noreferrer">${this.parser.parseInline(tokens)}</a>`
    },
    // Pictures of other hosts would tell them who reads this; a link does not.
    image({ href, text }) {
      return `<a href="${escape(href)}" target="_blank" rel="noopener noreferrer">${escape(text || href)}</a>`
    },
    checkbox({ checked }) {
      return checked ? '☑ ' : '☐ '
    },
  },
})

/** Markdown as safe HTML: whatever was typed, nothing in it can run or reach out. */
export default function Markdown({ text }: { text: string }) {
  const html = useMemo(
    () =>
      DOMPurify.sanitize(marked.parse(text, { async: false }), {
        ADD_ATTR: ['target'],
        FORBID_TAGS: [
          'style',
          'form',
          'input',
          'button',
          'textarea',
          'select',
          'img',
          'video',
          'audio',
          'svg',
          'math',
        ],
        FORBID_ATTR: ['style', 'class', 'id'],
      }),
    [text],
  )
  return <div className="prose" dangerouslySetInnerHTML={{ __html: html }} />
}
