export { cachedModels, findModel, findSnapshot, type Snapshot } from './cache';
export type { PullProgress } from './fetchFiles';
export { HubHttp } from './http';
export { statedLicence } from './licence';
export { type HubFile, type HubModel, lookUp } from './lookup';
export { defaultRevision, type HubName, hubName, hubNameText, parseHubName } from './name';
export { type Peeked, peek, pullHint } from './peek';
export { type Pulled, type PullOptions, pull } from './pull';
export { type HubSettings, hubSettings } from './settings';
