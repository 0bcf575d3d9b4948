import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/** What axe-core holds against the visible webview, as far as it is serious. */
export async function seriousViolations(page: Page): Promise<string[]> {
  const outer = page.locator('iframe.webview.ready:visible');
  const inner = await (await outer.elementHandle())?.contentFrame();
  const frame = await (await inner?.waitForSelector('iframe#active-frame'))?.contentFrame();
  if (!frame) throw new Error('No webview is visible');
  await frame.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations } = (await frame.evaluate('axe.run({ resultTypes: ["violations"] })')) as { violations: Violation[] };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n${nodes.map((node) => `  ${JSON.stringify(node.target)} ${node.failureSummary ?? ''}`).join('\n')}`,
    );
}
