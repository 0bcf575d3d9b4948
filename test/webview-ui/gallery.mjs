// Builds the gallery into a folder and serves it: node test/webview-ui/gallery.mjs, then open the address it prints.
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = join(dirname(fileURLToPath(import.meta.url)), '../../webview-ui');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** @param {string} folder where index.html, gallery.js and the style sheets go */
export async function buildGallery(folder) {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(source, 'gallery/gallery.ts')],
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'error',
  });
  for (const file of ['index.html', 'themes.css']) cpSync(join(source, 'gallery', file), join(folder, file));
}

/** @param {string} folder */
export function serveGallery(folder) {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html';
    try {
      if (name.includes('/')) throw new Error('not here');
      const content = readFileSync(join(folder, name));
      response.setHeader('content-type', types[extname(name)] ?? 'application/octet-stream').end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ address: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = join(source, '../dist/gallery');
  await buildGallery(folder);
  const { address } = await serveGallery(folder);
  console.log(
    `${address}/?state=training&theme=dark\nstates: loading broken ready many untrusted preparing training paused ended stopped failed finished · themes: dark light hc`,
  );
}
