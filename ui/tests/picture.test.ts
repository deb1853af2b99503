// A chart as a file: every shape of the drawing with its colour, nothing that needs the page.
import { describe, expect, it } from 'vitest';
import { paint, pictureSize, readDrawing, svgText, wrap, type Drawing } from '../src/charts/picture';
import { all, click, one, until } from './screen';
import { openDossier } from './dossier';

const look = (element: Element): CSSStyleDeclaration =>
  ({ fill: element.tagName === 'text' ? 'black' : 'none', stroke: 'teal', strokeWidth: '2px', strokeDasharray: '4px, 3px', opacity: '1', fontSize: '12px', fontWeight: '400', fontFamily: 'Inter', backgroundColor: 'white', color: 'black' }) as CSSStyleDeclaration;

function drawing(): Drawing {
  document.body.innerHTML = '<svg viewBox="0 0 200 100"><line x1="1" x2="9" y1="2" y2="3"/><text x="4" y="5" text-anchor="end">A &amp; <tspan>B</tspan></text><g data-cursor><line x1="0" x2="0" y1="0" y2="9"/></g></svg>';
  return readDrawing(document.querySelector('svg') as SVGSVGElement, 'A “title” <x>', 'One sentence & more', look);
}

describe('picture', () => {
  it('leaves the cursor out and keeps the rest', () => {
    expect(drawing().shapes.map((shape) => shape.tag)).toEqual(['line', 'text']);
  });

  it('is a whole SVG with its own colours and escaped words', () => {
    const text = svgText(drawing());
    const parsed = new DOMParser().parseFromString(text.replace(/^<\?xml.*?\?>/, ''), 'text/html');
    expect(parsed.querySelectorAll('svg line')).toHaveLength(1);
    expect(text).toContain('stroke="teal"');
    expect(text).toContain('stroke-dasharray="4 3"');
    expect(text).not.toMatch(/var\(|class=|style=|<x>/);
    expect(text).toContain('One sentence &#38; more');
  });

  it('paints the same shapes on a canvas', () => {
    const calls: string[] = [];
    const context = new Proxy({}, {
      get: (_, name: string) => (...values: unknown[]) => void calls.push(`${name} ${values.filter((value) => typeof value === 'string').join(' ')}`.trim()),
      set: () => true,
    }) as CanvasRenderingContext2D;
    globalThis.Path2D ??= class { moveTo(): void { /* */ } lineTo(): void { /* */ } } as unknown as typeof Path2D;
    paint(context, drawing(), 2);
    expect(calls).toContain('fillText A & B');
    expect(calls).toContain('fillText A “title” <x>');
    expect(calls.filter((call) => call === 'stroke')).toHaveLength(1);
  });

  it('has room for its title and its sentence', () => {
    const one = drawing();
    expect(pictureSize(one).width).toBe(240);
    expect(pictureSize({ ...one, words: wrap('word '.repeat(90), 40) }).height).toBeGreaterThan(pictureSize(one).height);
    expect(wrap('word '.repeat(90), 40).every((line) => line.length <= 40)).toBe(true);
  });

  it('goes to the bridge under the name of chart and campaign', async () => {
    const { bridge } = await openDossier('flash_sale_burst');
    await click('pacing-save-svg');
    await until(() => expect(bridge.pictures).toHaveLength(1));
    expect(bridge.pictures[0]?.name).toBe('pacing-flash_sale_burst');
    expect(bridge.pictures[0]?.content).toContain('<title>Pacing</title>');
    // What the numbers are does not get lost on the way: a simulation says so in the file.
    expect(bridge.pictures[0]?.content).toContain('Simulated');
    await click('pacing-toggle');
    expect(all('pacing-save-svg')).toHaveLength(0);
    expect(one('pacing-table')).toBeTruthy();
  });
});
