import { describe, expect, it } from 'vitest';
import { pageHtml } from '../../src/host/html';

const page = pageHtml({
  cspSource: 'https://csp.example',
  script: 'run("</script><!-- $& -->")',
  style: 'a { content: "</style>" }',
  charts: 'https://csp.example/charts.js',
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

  it('allows our script and style by their nonce alone, and nothing unsafe', () => {
    expect(policy['script-src']).toEqual(["'nonce-abc123'"]);
    expect(policy['style-src']).toEqual(["'nonce-abc123'"]);
    expect(page).not.toContain('unsafe-');
  });

  it('holds one script and one style, which nothing in them ends', () => {
    const inside = (tag: string) => [...page.matchAll(new RegExp(`<${tag}[^>]*>([^]*?)</${tag}>`, 'g'))].map(([, text]) => text);
    const [script, ...scripts] = inside('script');
    const [style, ...styles] = inside('style');
    expect([...scripts, ...styles]).toEqual([]);
    let said = '';
    new Function('run', script as string)((text: string) => {
      said = text;
    });
    expect(said).toBe('</script><!-- $& -->');
    expect(style).toBe('a { content: "<\\/style>" }');
    expect(page).not.toContain('<!--');
  });

  it('has nothing else inline', () => {
    expect(page).not.toMatch(/ style=| on\w+=|javascript:/);
  });

  it('takes pictures from memory, nothing from the network', () => {
    expect(policy['img-src']).toEqual(['https://csp.example', 'blob:']);
    expect(policy['connect-src']).toBeUndefined();
  });

  it('escapes what it is given', () => {
    const odd = pageHtml({ cspSource: '"><b>', script: '', style: '', charts: '"><b>', nonce: 'n', language: '"><script>' });
    expect(odd).not.toContain('<b>');
    expect(odd.match(/<script/g)).toHaveLength(1);
  });
});
