/** What both kinds of child need to know of this window. */
export interface ChildSettings {
  /** Path of dist/trainer.js. */
  readonly script: string;
  /** Folder of pretrained models; the package's own when empty. */
  readonly modelsFolder: string;
  /** Path of the bundle of translations, empty for English. */
  readonly l10nBundle: string;
}

/** Under Electron, `process.execPath` is a window unless it is told to be Node. */
export function childEnvironment(settings: ChildSettings): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ELECTRON_RUN_AS_NODE: '1', THAW_L10N: settings.l10nBundle };
  if (settings.modelsFolder) environment.THAW_MODELS = settings.modelsFolder;
  return environment;
}
