import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** What of a scrolled element is seen, pixels: its inside with the padding, and where that stands. */
interface ScrollBox {
  readonly width: number;
  readonly height: number;
  readonly scrollTop: number;
}

/** Follows an element's size and scroll position. @param shown what it lists: with another it goes back to the top */
export function useScrollBox(shown: unknown) {
  const scroller = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState<ScrollBox>({ width: 0, height: 0, scrollTop: 0 });

  useLayoutEffect(() => {
    const element = scroller.current!;
    const measure = () =>
      setBox((old) => {
        const { clientWidth: width, clientHeight: height, scrollTop } = element;
        return width === old.width && height === old.height && scrollTop === old.scrollTop ? old : { width, height, scrollTop };
      });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
  }, [shown]);

  return { scroller, box };
}
