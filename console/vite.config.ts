import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { earlyWords, GROUPS } from './build/chunks.mjs'
import { jssip } from './build/jssip.mjs'
import { messages } from './build/messages.mjs'

const service = process.env.CONSOLE_SERVICE ?? 'http://127.0.0.1:8080'

export default defineConfig(({ mode }) => ({
  plugins: [messages(), earlyWords(), jssip(), vue()],
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('src', import.meta.url)),
      // The build's messages are compiled: see build/messages.mjs.
      ...(mode === 'production' ? { 'vue-i18n': 'vue-i18n/dist/vue-i18n.runtime.mjs' } : {}),
    },
  },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: mode === 'production',
  },
  build: {
    outDir: process.env.CONSOLE_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // The policy of the pages forbids data: addresses of fonts and styles, and inlined files cannot be cached.
    assetsInlineLimit: 0,
    manifest: true,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': {
        target: service,
        ws: true,
        // The service accepts pages of its own address only.
        rewriteWsOrigin: true,
        configure: (proxy) => {
          proxy.on('proxyReq', (request) => request.setHeader('origin', service))
        },
      },
    },
  },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/shared/testing/setup.ts'],
    restoreMocks: true,
  },
}))
