// Checks what a first visit downloads against the budget, from the build's manifest alone.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

const KB = 1024
const BUDGET = { javascript: 120 * KB, css: 10 * KB, lazyChunk: 60 * KB, requests: 10 }
const dist = new URL('../dist/', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))

/** Size as sent: the pre-compressed sibling, or what brotli makes of a file too small to have one. */
function compressed(file) {
  try {
    return statSync(join(dist, `${file}.br`)).size
  } catch {
    return brotliCompressSync(readFileSync(join(dist, file))).length
  }
}

function staticClosure(keys) {
  const seen = new Set()
  const queue = [...keys]
  while (queue.length > 0) {
    const key = queue.pop()
    if (seen.has(key)) continue
    seen.add(key)
    queue.push(...(manifest[key].imports ?? []))
  }
  return seen
}

const entry = Object.keys(manifest).filter((key) => manifest[key].isEntry)
const firstRoute = Object.keys(manifest).filter((key) => /routes\/_app(\.index)?\.tsx\?tsr-split/.test(key))
const first = staticClosure([...entry, ...firstRoute])
const scripts = new Set([...first].map((key) => manifest[key].file))
const styles = new Set([...first].flatMap((key) => manifest[key].css ?? []))
const lazy = Object.values(manifest)
  .map((chunk) => chunk.file)
  .filter((file) => file.endsWith('.js') && !scripts.has(file))

const total = (files) => [...files].reduce((sum, file) => sum + compressed(file), 0)
const largest = lazy.toSorted((a, b) => compressed(b) - compressed(a))[0]
const lines = [
  ['first-load JavaScript', total(scripts), BUDGET.javascript],
  ['first-load CSS', total(styles), BUDGET.css],
  [`largest lazy chunk (${largest})`, largest ? compressed(largest) : 0, BUDGET.lazyChunk],
]

// The page, the theme script and the icon come on top; the first tasks are inside the page.
const BESIDES = 3
const requests = scripts.size + styles.size + BESIDES
let over = requests > BUDGET.requests
console.log(
  `${over ? 'OVER' : 'ok  '}  ${String(requests).padStart(6)} of ${BUDGET.requests}     requests to the first rows`,
)
for (const [name, size, limit] of lines) {
  over ||= size > limit
  console.log(
    `${size > limit ? 'OVER' : 'ok  '}  ${(size / KB).toFixed(1).padStart(6)} of ${limit / KB} KB  ${name}`,
  )
}
if (process.argv.includes('--files')) {
  for (const file of scripts)
    console.log(`      ${(compressed(file) / KB).toFixed(1).padStart(6)} KB  ${file}`)
}
if (over) process.exitCode = 1
