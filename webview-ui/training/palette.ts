/** The colours and type of a chart, read from the theme: a canvas knows no custom properties. */
export interface Palette {
  ground: string;
  text: string;
  strong: string;
  dim: string;
  grid: string;
  training: string;
  validation: string;
  mark: string;
  cursor: string;
  error: string;
  family: string;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    ground: value('--ground'),
    text: value('--text'),
    strong: value('--strong'),
    dim: value('--dim'),
    grid: value('--chart-grid'),
    training: value('--chart-training'),
    validation: value('--line'),
    mark: value('--chart-mark'),
    cursor: value('--chart-cursor'),
    error: value('--chart-error'),
    family: style.fontFamily,
  };
}

/** Calls back when VS Code's theme has changed: it rewrites the classes of the body and the variables of the root. */
export function onThemeChange(act: () => void): () => void {
  const observer = new MutationObserver(act);
  observer.observe(document.body, { attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributeFilter: ['style', 'class', 'data-theme'] });
  return () => observer.disconnect();
}
