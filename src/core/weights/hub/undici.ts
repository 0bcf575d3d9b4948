/** What is used of undici, by name: a CommonJS package that is itself imported dynamically has only a default export. */
export { EnvHttpProxyAgent, fetch } from 'undici';
