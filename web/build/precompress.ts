import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(js|css|svg|html|txt|json|webmanifest)$/
const SMALLEST_WORTH_IT = 512

/**
 * Writes a `.br` and a `.gz` sibling next to every text file of the build, so the server
 * never spends a request's time on compressing what cannot change. The HTML page is left
 * out: the server fills in each person's data before it is sent.
 */
export function precompress(): Plugin {
  let outDir = ''
  return {
    name: 'duly:precompress',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir)
    },
    async closeBundle() {
      const entries = await readdir(outDir, { recursive: true, withFileTypes: true })
      const files = entries
        .filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name) && entry.name !== 'index.html')
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => !file.includes('.vite'))
      await Promise.all(files.map(compressFile))
    },
  }
}

async function compressFile(file: string) {
  const raw = await readFile(file)
  if (raw.length < SMALLEST_WORTH_IT) return
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(raw, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    }),
    promisify(gzip)(raw, { level: 9 }),
  ])
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
}
