import './main.css';
import { render } from 'preact';
import type { ToPanel } from '../src/protocol/panel';
import { App } from './app';
import { post } from './host';
import { receive } from './session';

let shown = false;

addEventListener('message', (event: MessageEvent<ToPanel>) => {
  receive(event.data);
  // The first state carries the language: nothing can be said before.
  if (shown || event.data.type !== 'state') return;
  shown = true;
  document.documentElement.lang = event.data.locale ?? 'en';
  render(<App />, document.getElementById('root') ?? document.body);
});

post({ type: 'ready' });
