import { defineConfig } from '@playwright/test'

/** The server under test, already running: `DULY_E2E_URL`. */
const baseURL = process.env.DULY_E2E_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  testDir: 'tests/e2e',
  workers: 2,
  forbidOnly: true,
  retries: 0,
  reporter: [['list']],
  use: {
    baseURL,
    timezoneId: 'UTC',
    locale: 'en-US',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
  },
})
