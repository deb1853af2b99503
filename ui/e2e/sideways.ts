// What is cut or must be scrolled to sideways in a window of 640 by 400: 1280 by 800 at 200 %.
import type { Page } from 'playwright-core';

/** Words on each part that sticks out; tables may scroll in a frame of their own. */
export function sticksOut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const name = (element: Element): string => `${element.tagName.toLowerCase()}.${element.className.toString()} ${element.getAttribute('data-testid') ?? ''} “${(element.textContent ?? '').trim().slice(0, 40)}”`;
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page scrolls sideways: ${root.scrollWidth} in ${root.clientWidth}`);
    const within = document.querySelector('dialog[open]') ?? document.body;
    const elements = [...(within === document.body ? [] : [within]), ...within.querySelectorAll('*')];
    for (const element of elements) {
      const { overflowX, visibility } = getComputedStyle(element);
      const scrolls = overflowX === 'auto' || overflowX === 'scroll';
      const table = element.querySelector(':scope > table, :scope > svg') !== null || element.matches('pre, textarea, table');
      if (scrolls && !table && element.scrollWidth > element.clientWidth + 1) found.push(`scrolls sideways, ${element.scrollWidth} in ${element.clientWidth}: ${name(element)}`);
      const box = element.getBoundingClientRect();
      if (visibility === 'hidden' || box.width <= 1 || box.height <= 1 || (box.right <= innerWidth + 1 && box.left >= -1)) continue;
      let reached = false;
      for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
        const style = getComputedStyle(up);
        if (style.clipPath !== 'none' || style.overflowX === 'auto' || style.overflowX === 'scroll' || style.overflowX === 'hidden') reached = true;
      }
      if (!reached) found.push(`from ${Math.round(box.left)} to ${Math.round(box.right)}: ${name(element)}`);
    }
    return found.slice(0, 6);
  });
}
