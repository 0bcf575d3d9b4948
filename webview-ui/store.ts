import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import type { Pulse } from './logic/pulse';

/** A state that components look at through a selection, and render again only when that selection changes. */
export class Store<T extends object> {
  private readonly listeners = new Set<() => void>();
  constructor(private current: T) {}

  get state(): T {
    return this.current;
  }

  patch(part: Partial<T>): void {
    this.current = { ...this.current, ...part };
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Renders the component again when called. */
export const useRender = () => useReducer<number, void>((n) => n + 1, 0)[1] as () => void;

/** `select` must give the same object for the same state: pick a part, don't build one. */
export function useStore<T extends object, S>(store: Store<T>, select: (state: T) => S): S {
  const render = useRender();
  const selected = select(store.state);
  const seen = useRef(selected);
  seen.current = selected;
  const chosen = useRef(select);
  chosen.current = select;
  useLayoutEffect(
    () =>
      store.subscribe(() => {
        if (!Object.is(chosen.current(store.state), seen.current)) render();
      }),
    [store],
  );
  return selected;
}

/** Calls `act` after a pulse, but at most once in `every` milliseconds and never while the page is hidden. */
export function paced(pulse: Pulse, every: number, act: () => void): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting = false;
  const run = () => {
    timer = undefined;
    if (document.hidden) {
      waiting = true;
      return;
    }
    waiting = false;
    last = performance.now();
    act();
  };
  const heard = () => {
    timer ??= setTimeout(run, Math.max(0, last + every - performance.now()));
  };
  const shown = () => {
    if (!document.hidden && waiting) run();
  };
  const unsubscribe = pulse.subscribe(heard);
  document.addEventListener('visibilitychange', shown);
  return () => {
    unsubscribe();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', shown);
  };
}

export function usePulse(pulse: Pulse, every: number): void {
  const render = useRender();
  useLayoutEffect(() => paced(pulse, every, render), [pulse, every]);
}
