type Charts = typeof import('./lineChart');

declare global {
  /** What the charts' script brings along (scripts/build.mjs). */
  var thawCharts: Charts | undefined;
}

const { nonce } = (document.currentScript as HTMLScriptElement | null) ?? {};
let loading: Promise<Charts> | null = null;

/** Charts are a script of their own, half of all there is, and pictures of data need not wait for it. */
export function loadCharts(): Promise<Charts> {
  loading ??= load().catch((error) => {
    loading = null; // the next chart tries again
    throw error;
  });
  return loading;
}

async function load(): Promise<Charts> {
  if (!globalThis.thawCharts) {
    const script = document.createElement('script');
    if (nonce) script.nonce = nonce;
    script.src = document.getElementById('root')?.dataset.charts ?? '';
    await new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${script.src} cannot be loaded`));
      document.head.append(script);
    });
  }
  return globalThis.thawCharts!;
}
