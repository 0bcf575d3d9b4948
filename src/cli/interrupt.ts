const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Whether somebody asked to end. */
  asked(): boolean;
  /** Asks as the first signal does. */
  ask(): void;
  dispose(): void;
}

/** The first signal (Ctrl+C) ends the work in order, the second at once. */
export function atInterrupt(endInOrder: () => Promise<void>): Interruption {
  let count = 0;
  const ask = () => {
    count++;
    if (count > 1) process.exit(130);
    // What goes wrong with the run is the run's to tell.
    endInOrder().catch(() => {});
  };
  for (const signal of signals) process.on(signal, ask);
  return {
    asked: () => count > 0,
    ask: () => {
      if (count === 0) ask();
    },
    dispose: () => {
      for (const signal of signals) process.off(signal, ask);
    },
  };
}
