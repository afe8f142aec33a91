import { defineConfig } from 'vite'
import react from '@vitejs/plugin-react'
import tailwindcss from '@tailwindcss/vite'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import { precompress } from './build/precompress.ts'
import { preloadFirstRoute } from './build/preload-route.ts'

const server = 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, quoteStyle: 'single' }),
    react(),
    tailwindcss(),
    preloadFirstRoute(),
    precompress(),
  ],
  server: { port: 5173, strictPort: true, proxy: { '/api': server, '/mail': server } },
  experimental: {
    // Files name each other from where they are, so that all come from where the first came from. The
    // page names them from its root, which `http.assets_url` replaces.
    renderBuiltUrl: (_name, { hostType }) => ({ relative: hostType !== 'html' }),
  },
  build: {
    manifest: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What every page needs, in one file that changes only when a dependency does.
          groups: [
            {
              name: 'vendor',
              test: /rolldown\/runtime|node_modules\/(react|react-dom|scheduler|openapi-fetch|@tanstack\/(?!.*virtual).*)\//,
            },
            // Small modules that pages share: one file loads and compresses better than ten.
            {
              name: 'shared',
              test: /lucide-react|src\/(api|lib|ui\/(?!menu|popover|calendar|markdown|figures|page-tabs|scrolled-row|edges|section|chart))|src\/features\/tasks\/(list\/(facets|filter-bar)|[a-z-]+\.ts|picker\/state)/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
})
