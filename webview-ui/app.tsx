import { useLayoutEffect, useRef } from 'preact/hooks';
import { Data } from './data/data';
import { Header } from './header';
import { Layers } from './layers/layers';
import { Model } from './modelRegion';
import { Result } from './result/result';
import { layout, panel, view } from './session';
import { useStore } from './store';
import { Training } from './training/training';

/** Of the tab's own width, not the window's: below it Layers stands among the rest. The style sheet says the same. */
const twoColumns = 1100;

export function App() {
  const tab = useRef<HTMLDivElement>(null);
  const phase = useStore(panel, (s) => s.phase);
  useLayoutEffect(() => {
    const measure = () => {
      const wide = tab.current!.clientWidth >= twoColumns;
      if (wide !== layout.state.wide) layout.patch({ wide });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(tab.current!);
    measure();
    scrollTo(0, view.state.scroll);
    const scrolled = () => view.patch({ scroll: scrollY });
    addEventListener('scroll', scrolled, { passive: true });
    return () => {
      observer.disconnect();
      removeEventListener('scroll', scrolled);
    };
  }, []);
  return (
    <div ref={tab} class={`tab ${phase}`}>
      <Header />
      <main class="page">
        <Data />
        <Model />
        <Layers />
        <Training />
        <Result />
      </main>
    </div>
  );
}
