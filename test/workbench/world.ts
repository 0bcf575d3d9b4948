import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { install } from './install';
import { until } from './until';

export interface WorldOptions {
  /** The packed extension to install. */
  vsix: string;
  /** Fills the workspace before the window opens. */
  fill: (workspace: string) => void;
  /** Over the defaults below. */
  settings?: Record<string, unknown>;
  /** False: workspace trust is on, and nobody has trusted this workspace. */
  trusted?: boolean;
  /** VS Code's display language, as its language packs set it. */
  language?: string;
  /** 0: any free port. */
  port?: number;
}

/** No tips, no updates, no news: only what the test does happens. */
const quiet = {
  'telemetry.telemetryLevel': 'off',
  'telemetry.feedback.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.reduceMotion': 'on',
  'workbench.colorTheme': 'Dark Modern',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'explorer.compactFolders': false,
  'window.restoreWindows': 'none',
};

const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--mute-audio',
];

/** A throw-away VS Code: its own folders, its own server, its own browser profile. All of it is gone after `close`. */
export class World {
  readonly workspace: string;
  /** What the webviews' consoles said, for a failure's report. */
  readonly webviewConsole: string[] = [];
  /** Requests to other machines: there must be none. */
  readonly offsite: string[] = [];

  private context: BrowserContext | null = null;

  private constructor(
    private readonly folder: string,
    private readonly server: ChildProcess,
    readonly url: string,
    private readonly log: string,
    private readonly language: string,
  ) {
    this.workspace = path.join(folder, 'workspace');
  }

  /** Starts the server with the extension in it, without a window. */
  static async start(options: WorldOptions): Promise<World> {
    const installation = await install();
    // Sockets live in here, and their paths must be short.
    const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-'));
    for (const name of ['workspace', 'user/User', 'extensions', 'home', 'tmp', 'browser'])
      mkdirSync(path.join(folder, name), { recursive: true });
    const settings = {
      ...quiet,
      'security.workspace.trust.enabled': options.trusted === false,
      'security.workspace.trust.startupPrompt': 'never',
    };
    writeFileSync(path.join(folder, 'user/User/settings.json'), JSON.stringify({ ...settings, ...options.settings }, null, 2));
    options.fill(path.join(folder, 'workspace'));

    const log = path.join(folder, 'thaw.ndjson');
    const env = environment(folder, log);
    const serverArguments = [
      path.join(installation.server, 'out/server-main.js'),
      ...['--server-data-dir', path.join(folder, 'server'), '--user-data-dir', path.join(folder, 'user')],
      ...['--extensions-dir', path.join(folder, 'extensions')],
    ];
    const installed = spawnSync(installation.node, [...serverArguments, '--install-extension', options.vsix, '--force'], {
      env,
      encoding: 'utf8',
    });
    if (installed.status !== 0) throw new Error(`The package could not be installed:\n${installed.stdout}${installed.stderr}`);

    const server = spawn(
      installation.node,
      [
        ...serverArguments,
        ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--without-connection-token', '--accept-server-license-terms'],
        ...['--telemetry-level', 'off', ...(options.trusted === false ? [] : ['--disable-workspace-trust'])],
      ],
      { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    server.stdout.on('data', (chunk) => (output += chunk));
    server.stderr.on('data', (chunk) => (output += chunk));
    const port = await until('the server listens', () => {
      if (server.exitCode !== null) throw new Error(`The server ended:\n${output}`);
      return /Extension host agent listening on (\d+)/.exec(output)?.[1];
    });
    const url = `http://127.0.0.1:${port}/?folder=${encodeURIComponent(path.join(folder, 'workspace'))}`;
    return new World(folder, server, url, log, options.language ?? 'en');
  }

  /** Home of whoever works in it. */
  get home(): string {
    return path.join(this.folder, 'home');
  }

  /** Opens a window. */
  async open(): Promise<Page> {
    const { browser } = await install();
    this.context ??= await chromium.launchPersistentContext(path.join(this.folder, 'browser'), {
      executablePath: browser,
      // Playwright's own headless mode is an older browser; this one is the same program without a window.
      headless: false,
      args: ['--headless=new', '--hide-scrollbars', ...chromiumFlags],
      viewport: { width: 1400, height: 900 },
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    await this.context.addInitScript(`globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(this.language)}`);
    const page = this.context.pages().find((p) => p.url() === 'about:blank') ?? (await this.context.newPage());
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (message.location().url.includes('webview')) this.webviewConsole.push(`${message.type()}: ${message.text()}`);
    });
    page.on('request', (request) => {
      const { hostname } = new URL(request.url());
      if (hostname && hostname !== '127.0.0.1' && !hostname.endsWith('.vscode-cdn.net')) this.offsite.push(request.url());
    });
    await page.goto(this.url, { waitUntil: 'commit' });
    return page;
  }

  /** What the extension wrote into THAW_TEST_LOG. */
  records(): Record<string, unknown>[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, 'utf8').split('\n');
    return lines.filter((line) => line.trim()).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    await this.context?.close().catch(() => undefined);
    await endGroup(this.server);
    // A browser that is just ending may still write.
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        rmSync(this.folder, { recursive: true, force: true });
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    }
  }
}

/** Ours without what another VS Code or npm put there. */
function environment(folder: string, log: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS|npm_|VITEST|HF_)/.test(name));
  const home = path.join(folder, 'home');
  return {
    ...Object.fromEntries(inherited),
    HOME: home,
    XDG_CACHE_HOME: path.join(home, '.cache'),
    XDG_CONFIG_HOME: path.join(home, '.config'),
    XDG_DATA_HOME: path.join(home, '.local'),
    TMPDIR: path.join(folder, 'tmp'),
    XDG_RUNTIME_DIR: path.join(folder, 'tmp'),
    /** No marketplace. */
    EXTENSIONS_GALLERY: '{}',
    THAW_TEST_LOG: log,
    LANG: 'C.UTF-8',
  };
}

/** Ends the server with its extension hosts and file watchers, which are one process group. */
async function endGroup(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.pid === undefined) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  process.kill(-server.pid, 'SIGTERM');
  await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 4000))]);
  try {
    process.kill(-server.pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}
