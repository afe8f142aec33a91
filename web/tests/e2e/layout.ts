import { expect, type Page } from '@playwright/test'

/** Nothing on the page has to be scrolled sideways. */
export async function expectNarrowEnough(page: Page) {
  const [inner, outer] = await page.evaluate(() => {
    const scroller = document.querySelector('[data-scroll]') ?? document.documentElement
    return [scroller.scrollWidth, scroller.clientWidth] as const
  })
  expect(inner).toBeLessThanOrEqual(outer)
}
