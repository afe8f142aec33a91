import type { Plugin, Rolldown } from 'vite'

const FIRST_ROUTE = /routes\/_app\.index\.tsx\?tsr-split/
const SHELL_ROUTE = /routes\/_app\.tsx\?tsr-split/

/**
 * Adds `modulepreload` links for the task list, the page nearly every visit starts on, so the
 * browser fetches its chunks together with the entry instead of after running it.
 */
export function preloadFirstRoute(): Plugin {
  return {
    name: 'duly:preload-first-route',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter(
          (item): item is Rolldown.OutputChunk => item.type === 'chunk',
        )
        const wanted = new Set<string>()
        for (const chunk of chunks) {
          const source = chunk.facadeModuleId ?? ''
          if (FIRST_ROUTE.test(source) || SHELL_ROUTE.test(source)) {
            wanted.add(chunk.fileName)
            chunk.imports.forEach((file) => wanted.add(file))
          }
        }
        return [...wanted]
          .filter((file) => !html.includes(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
            injectTo: 'head' as const,
          }))
      },
    },
  }
}
