import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is to go wrong with the next request whose address has a text in it. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** Sends so many bytes of the answer, then cuts the connection. */
  | { readonly cutAfter: number }
  /** Takes no notice of Range. */
  | { readonly noRange: true }
  /** Other bytes of the same length. */
  | { readonly garble: true }
  /** Says nothing more. */
  | { readonly hang: true };

export interface HubRepo {
  readonly files: Record<string, Buffer>;
  readonly licence?: string;
  readonly gated?: boolean;
  readonly private?: boolean;
  readonly task?: string;
  /** `model_type` of its config, and what it was made with. */
  readonly modelType?: string;
  readonly library?: string;
  readonly downloads?: number;
  readonly refs?: Record<string, string>;
}

export interface Seen {
  readonly server: 'hub' | 'store';
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export const commit = 'a'.repeat(40);
export const goodToken = 'hf_good';
const digests = new WeakMap<Buffer, string>();
/** Of a large file, which is asked about many times, computed once. */
export function sha256(bytes: Buffer): string {
  const digest = digests.get(bytes) ?? createHash('sha256').update(bytes).digest('hex');
  if (bytes.length > 1e6) digests.set(bytes, digest);
  return digest;
}
export const gitHash = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
const isLarge = (name: string) => /\.(safetensors|bin)$/.test(name);

/**
 * A hub on loopback that answers as huggingface.co does: model information under /api; small files with git's SHA-1 as
 * ETag; large ones by a redirect (with X-Linked-ETag and X-Linked-Size) to a store on another origin, whose ETag is its own.
 */
export class LoopbackHub {
  readonly repos: Record<string, HubRepo> = {};
  /** Old name → new name. */
  readonly renamed: Record<string, string> = {};
  readonly seen: Seen[] = [];
  /** Sizes that are claimed instead of the true ones. */
  readonly claimedSizes: Record<string, number> = {};
  private readonly faults: { part: string; fault: Fault }[] = [];
  private readonly hub: Server;
  private readonly store: Server;

  private constructor() {
    this.hub = createServer((request, response) => this.serve('hub', request, response));
    this.store = createServer((request, response) => this.serve('store', request, response));
  }

  static async start(): Promise<LoopbackHub> {
    const hub = new LoopbackHub();
    for (const server of [hub.hub, hub.store]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    hub.endpoint = origin(hub.hub);
    return hub;
  }

  endpoint = '';

  /** Sends this for the next request whose method and address ("GET /org/…") hold `part`; each is used once, in order. */
  next(part: string, ...faults: Fault[]): void {
    this.faults.push(...faults.map((fault) => ({ part, fault })));
  }

  /** Requests whose method and address hold a text. */
  asked(part: string): Seen[] {
    return this.seen.filter(({ method, url }) => `${method} ${url}`.includes(part));
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.store].filter(({ listening }) => listening)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  private serve(server: 'hub' | 'store', request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    this.seen.push({ server, method, url, headers });
    const at = this.faults.findIndex(({ part }) => `${method} ${url}`.includes(part));
    const fault = at < 0 ? null : (this.faults.splice(at, 1)[0]?.fault ?? null);
    if (fault && 'hang' in fault) return;
    if (fault && 'status' in fault) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    const { pathname, searchParams } = new URL(url, 'http://hub');
    if (server === 'store') this.serveStored(pathname, request, response, fault);
    else if (pathname === '/api/models') this.list(searchParams, response);
    else this.serveRepo(pathname, request, response, fault);
  }

  private serveStored(pathname: string, request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
    const [, repo = '', name = ''] = /^\/store\/(.*)\/-\/(.*)$/.exec(pathname) ?? [];
    const bytes = this.repos[repo]?.files[name];
    if (bytes) this.send(request, response, bytes, { etag: '"of-the-store-itself-1"' }, fault);
    else response.writeHead(404).end();
  }

  private serveRepo(pathname: string, request: IncomingMessage, response: ServerResponse, fault: Fault | null): void {
    const info = /^\/api\/models\/(.+)\/(?:revision|tree)\/(.+)$/.exec(pathname);
    const file = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const asked = info?.[1] ?? file?.[1] ?? '';
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    const renamed = this.renamed[asked];
    const repo = this.repos[asked];
    const revision = decodeURIComponent(info?.[2] ?? file?.[2] ?? '');
    const refs: Record<string, string> = { main: commit, HEAD: commit, ...repo?.refs };
    const resolved = refs[revision] ?? Object.values(refs).find((known) => known === revision);
    const name = decodeURIComponent(file?.[3] ?? '');
    if (renamed !== undefined) response.writeHead(307, { location: (request.url ?? '').replace(asked, renamed) }).end();
    else if (token !== undefined && token !== goodToken) refuse(response, 401, '', 'Invalid credentials in Authorization header');
    // Who has not logged in is not told whether a model is private or not there.
    else if (!repo || (repo.private && token !== goodToken))
      refuse(response, token === undefined ? 401 : 404, 'RepoNotFound', 'Repository not found');
    else if (resolved === undefined) refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    else if (info && pathname.includes('/tree/')) json(response, tree(repo));
    else if (info) this.info(asked, resolved, repo, response);
    else if (repo.gated && token !== goodToken) refuse(response, 401, 'GatedRepo', `Access to model ${asked} is restricted.`);
    else if (!repo.files[name]) refuse(response, 404, 'EntryNotFound', 'Entry not found');
    else this.serveFile({ id: asked, name, bytes: repo.files[name], resolved }, request, response, fault);
  }

  private serveFile(
    { id, name, bytes, resolved }: { id: string; name: string; bytes: Buffer; resolved: string },
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | null,
  ): void {
    const common = { 'x-repo-commit': resolved, 'accept-ranges': 'bytes' };
    if (!isLarge(name)) {
      this.send(request, response, bytes, { ...common, etag: `"${gitHash(bytes)}"` }, fault);
      return;
    }
    const headers = {
      ...common,
      location: `${origin(this.store)}/store/${id}/-/${name}?signature=x`,
      etag: '"a-pointer-of-some-bytes"',
      'x-linked-etag': `"${sha256(bytes)}"`,
      'x-linked-size': String(this.claimedSizes[name] ?? bytes.length),
    };
    response.writeHead(302, headers).end();
  }

  private info(id: string, sha: string, repo: HubRepo, response: ServerResponse): void {
    json(response, { ...this.entry(id, repo), sha, siblings: Object.keys(repo.files).map((rfilename) => ({ rfilename })) });
  }

  private list(search: URLSearchParams, response: ServerResponse): void {
    const task = search.get('pipeline_tag');
    const text = search.get('search') ?? '';
    const found = Object.entries(this.repos).filter(
      ([id, repo]) => (!task || (repo.task ?? 'image-classification') === task) && id.includes(text),
    );
    found.sort(([, a], [, b]) => (b.downloads ?? 0) - (a.downloads ?? 0));
    json(
      response,
      found.slice(0, Number(search.get('limit'))).map(([id, repo]) => this.entry(id, repo)),
    );
  }

  private entry(id: string, { licence, gated, task, downloads, modelType, library }: HubRepo) {
    return {
      ...{ _id: `id-${id}`, id, private: false, likes: 3, lastModified: '2026-01-01T00:00:00.000Z' },
      ...{ gated: gated ? 'manual' : false, downloads: downloads ?? 0, pipeline_tag: task ?? 'image-classification' },
      ...(modelType && { config: { model_type: modelType } }),
      ...(library && { library_name: library }),
      ...(licence && { cardData: { license: licence }, tags: [`license:${licence}`] }),
    };
  }

  private send(
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer,
    given: Record<string, string>,
    fault: Fault | null,
  ): void {
    const range = fault && 'noRange' in fault ? null : /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(bytes.length, range?.[2] ? Number(range[2]) + 1 : bytes.length);
    if (from >= to && bytes.length > 0) {
      response.writeHead(416, { ...given, 'content-range': `bytes */${bytes.length}` }).end();
      return;
    }
    const body = fault && 'garble' in fault ? Buffer.alloc(to - from, 7) : bytes.subarray(from, to);
    const length = { 'content-length': String(body.length) };
    response.writeHead(range ? 206 : 200, {
      ...{ ...given, ...length },
      ...(range && { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` }),
    });
    if (method === 'HEAD') response.end();
    else if (fault && 'cutAfter' in fault) response.write(body.subarray(0, fault.cutAfter), () => setTimeout(() => response.destroy(), 20));
    else response.end(body);
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

/** Each file with git's hash, a large one with the hash of its bytes; Thaw does without, Hugging Face's own tools do not. */
function tree({ files }: HubRepo) {
  return Object.entries(files).map(([path, bytes]) => {
    const size = bytes.length;
    const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${size}\n`);
    if (!isLarge(path)) return { type: 'file', path, size, oid: gitHash(bytes) };
    return { type: 'file', path, size, oid: gitHash(pointer), lfs: { oid: sha256(bytes), size, pointerSize: pointer.length } };
  });
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const headers = { ...(code && { 'x-error-code': code }), 'x-error-message': message, 'content-type': 'application/json' };
  response.writeHead(status, headers).end(JSON.stringify({ error: message }));
}

function origin(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
