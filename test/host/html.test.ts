import { describe, expect, it } from 'vitest';
import { pageHtml } from '../../src/host/html';

const page = pageHtml({
  cspSource: 'https://csp.example',
  script: 'https://x/main.js',
  style: 'https://x/main.css',
  nonce: 'abc123',
  language: 'zh-cn',
});

describe('the webview’s page', () => {
  const policy = Object.fromEntries(
    (/content="(default-src[^"]*)"/.exec(page)?.[1] ?? '').split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(' ');
      return [name, sources];
    }),
  );

  it('forbids everything that it does not name', () => expect(policy['default-src']).toEqual(["'none'"]));

  it('allows our script by its nonce alone, and nothing unsafe', () => {
    expect(policy['script-src']).toEqual(["'nonce-abc123'"]);
    expect(page).not.toContain('unsafe-');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('<script nonce="abc123" src="https://x/main.js">');
  });

  it('has no inline script or style', () => {
    expect(page).not.toMatch(/<style|style=|<script[^>]*>[^<]| on\w+=/);
  });

  it('takes pictures from memory, nothing from the network', () => {
    expect(policy['img-src']).toEqual(['https://csp.example', 'blob:']);
    expect(policy['connect-src']).toBeUndefined();
  });

  it('escapes what it is given', () => {
    const odd = pageHtml({ cspSource: 's', script: 'a"b', style: '<x>', nonce: 'n', language: '"><script>' });
    expect(odd).toContain('src="a&quot;b"');
    expect(odd).not.toContain('<x>');
    expect(odd.match(/<script/g)).toHaveLength(1);
  });
});
