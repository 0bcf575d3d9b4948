import './main.css';
import { render } from 'preact';
import type { ToPanel } from '../src/protocol/panel';
import { App } from './app';
import { post } from './host';
import { receive } from './session';

/** Milliseconds: the host tells a new page everything as it loads, one that is loaded again once it is asked. */
const untold = 1000;
let told = false;

addEventListener('message', (event: MessageEvent<ToPanel>) => {
  receive(event.data);
  // The first state carries the language: nothing can be said before.
  if (told || event.data.type !== 'state') return;
  told = true;
  document.documentElement.lang = event.data.locale ?? 'en';
  // What has gathered meanwhile is drawn along with it.
  setTimeout(() => render(<App />, document.getElementById('root') ?? document.body));
});

let seen = false;
const loaded = ({ target }: Event) => {
  if (seen || !(target instanceof HTMLImageElement)) return;
  seen = true;
  requestAnimationFrame(() => requestAnimationFrame(() => post({ type: 'seen' }))); // the first draws it
};
document.addEventListener('load', loaded, { capture: true }); // does not bubble

post({ type: 'ready' });
setTimeout(() => told || post({ type: 'ready' }), untold);
