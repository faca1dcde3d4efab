import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { AxeResults, ImpactValue } from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { UNTIL_TIMEOUT_MS } from '../../support/until.ts';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const SERIOUS: readonly ImpactValue[] = ['serious', 'critical'];
const PHONE = { width: 390, height: 844 };

declare global {
  interface Window {
    axe: { run(): Promise<AxeResults> };
  }
}

export interface BrowserFixture {
  /** A page in a fresh browser context: its own cookies, storage and shared workers. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  openOnPhone(url: string): Promise<Page>;
  /** Another tab beside a page. */
  openTab(beside: Page, url: string): Promise<Page>;
  /** For tests that provoke errors: matching complaints are expected. */
  expectComplaints(pattern: RegExp): void;
}

/**
 * A Chromium for the tests of a file. A test fails when any of its pages logs an error, throws, breaks the
 * Content-Security-Policy or sends a request to another host.
 */
export function useBrowser(): BrowserFixture {
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];
  let expected: RegExp[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      timeout: UNTIL_TIMEOUT_MS,
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  });
  afterEach(async () => {
    const surprises = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    complaints = [];
    expected = [];
    expect(surprises).toEqual([]);
  });
  afterAll(() => browser?.close());

  function listen(page: Page, origin: string): void {
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin) {
        complaints.push(`request to another host: ${request.url()}`);
      }
    });
  }

  async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    if (browser === undefined) throw new Error('the browser is not open yet');
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(UNTIL_TIMEOUT_MS);
    contexts.push(context);
    context.on('page', (page) => listen(page, new URL(url).origin));
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  return {
    open,
    openOnPhone: (url) => open(url, { viewport: PHONE, isMobile: true, hasTouch: true }),
    openTab: async (beside, url) => {
      const page = await beside.context().newPage();
      await page.goto(url);
      return page;
    },
    expectComplaints: (pattern) => expected.push(pattern),
  };
}

/** Serious and critical findings of axe-core, one line per element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Through the debugger, not a script element, because of the page's policy.
  await page.evaluate(source);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => impact != null && SERIOUS.includes(impact))
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html}`));
}
