import path from 'node:path';

/** What both kinds of child need to know of this window. */
export interface ChildSettings {
  /** Path of dist/trainer.js. */
  readonly script: string;
  /** Folder of pretrained models; the package's own when empty. */
  readonly modelsFolder: string;
  /** Where the engine “tensorflow” is put on request. */
  readonly tensorflowFolder: string;
  /** Path of the bundle of translations, empty for English. */
  readonly l10nBundle: string;
  /** VS Code's own proxy, for where the environment names none. */
  readonly proxy?: string;
}

/** Under Electron, `process.execPath` is a window unless it is told to be Node. */
export function childEnvironment(settings: ChildSettings): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1', THAW_L10N: settings.l10nBundle };
  environment.THAW_TENSORFLOW = [process.env.THAW_TENSORFLOW, settings.tensorflowFolder].filter(Boolean).join(path.delimiter);
  if (settings.modelsFolder) environment.THAW_MODELS = settings.modelsFolder;
  if (settings.proxy) for (const name of ['HTTPS_PROXY', 'HTTP_PROXY']) if (!has(environment, name)) environment[name] = settings.proxy;
  return environment;
}

/** Either spelling counts. */
function has(environment: NodeJS.ProcessEnv, name: string): boolean {
  return Boolean(environment[name] ?? environment[name.toLowerCase()]);
}
