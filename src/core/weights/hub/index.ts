export { cachedModels, findModel, findSnapshot, type Snapshot } from './cache';
export { HubHttp } from './http';
export { type HubFile, type HubModel, lookUp } from './lookup';
export { defaultRevision, type HubName, hubName, hubNameText, parseHubName } from './name';
export { type Pulled, type PullOptions, type PullProgress, pull } from './pull';
export { type HubSettings, hubSettings } from './settings';
