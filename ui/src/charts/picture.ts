// A chart as a file. The page's policy allows no picture made from text, so the shapes are read
// from the drawing with the colours they have now, and written as SVG or painted on a canvas.

/** A shape with the look it has on the screen. */
export interface Shape {
  tag: 'rect' | 'line' | 'path' | 'circle' | 'text';
  /** Numbers by attribute name. */
  at: Record<string, number>;
  d: string;
  text: string;
  anchor: 'start' | 'middle' | 'end';
  fill: string;
  stroke: string;
  strokeWidth: number;
  dash: number[];
  opacity: number;
  font: { size: number; weight: string; family: string };
}

/** A drawing: its size, its ground, its words, its shapes. */
export interface Drawing {
  /** The name space of SVG, as the drawing itself has it. */
  namespace: string;
  width: number;
  height: number;
  ground: string;
  ink: string;
  family: string;
  title: string;
  words: string[];
  shapes: Shape[];
}

const NUMBERS = ['x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'r', 'rx', 'width', 'height'];
const TAGS = 'rect, line, path, circle, text';
const MARGIN = 20;
const LINE = 18;

/** Reads a drawing from the page; `look` gives an element's style. */
export function readDrawing(
  svg: SVGSVGElement,
  title: string,
  caption: string,
  look: (element: Element) => CSSStyleDeclaration = getComputedStyle,
): Drawing {
  const box = svg.viewBox.baseVal;
  const page = look(document.body);
  const shapes = [...svg.querySelectorAll(TAGS)]
    .filter((element) => element.closest('[data-cursor]') === null)
    .map((element) => readShape(element, look(element)));
  const width = box?.width || svg.clientWidth || 640;
  return {
    namespace: svg.namespaceURI ?? '',
    width,
    height: box?.height || svg.clientHeight || 240,
    ground: page.backgroundColor || 'white',
    ink: page.color || 'black',
    family: page.fontFamily || 'sans-serif',
    title,
    words: wrap(caption, Math.floor(width / 6.6)),
    shapes,
  };
}

function readShape(element: Element, style: CSSStyleDeclaration): Shape {
  const at: Record<string, number> = {};
  for (const name of NUMBERS) {
    const value = element.getAttribute(name);
    if (value !== null) at[name] = Number(value);
  }
  const number = (text: string, otherwise: number): number => (Number.isFinite(parseFloat(text)) ? parseFloat(text) : otherwise);
  return {
    tag: element.tagName.toLowerCase() as Shape['tag'],
    at,
    d: element.getAttribute('d') ?? '',
    text: element.tagName.toLowerCase() === 'text' ? (element.textContent ?? '').replace(/\s+/g, ' ').trim() : '',
    anchor: (element.getAttribute('text-anchor') ?? 'start') as Shape['anchor'],
    fill: style.fill || 'none',
    stroke: style.stroke || 'none',
    strokeWidth: number(style.strokeWidth, 1),
    dash: (style.strokeDasharray || 'none') === 'none' ? [] : style.strokeDasharray.split(/[\s,]+/).map(parseFloat),
    opacity: number(style.opacity, 1),
    font: { size: number(style.fontSize, 12), weight: style.fontWeight || '400', family: style.fontFamily || 'sans-serif' },
  };
}

/** Breaks words into lines of at most `most` characters. */
export function wrap(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const head = (drawing: Drawing): number => MARGIN + 24 + drawing.words.length * LINE + 8;

/** The whole picture's size: the drawing with its title and its sentence. */
export function pictureSize(drawing: Drawing): { width: number; height: number } {
  return { width: drawing.width + 2 * MARGIN, height: head(drawing) + drawing.height + MARGIN };
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0) ?? 32};`);

/** The picture as an SVG file that needs nothing else. */
export function svgText(drawing: Drawing): string {
  const { width, height } = pictureSize(drawing);
  const shapes = drawing.shapes.map(svgShape).join('\n    ');
  const lines = drawing.words.map((words, index) => svgWords(words, MARGIN + 40 + index * LINE, 13, '400', drawing)).join('\n  ');
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="${escape(drawing.namespace)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>${escape(drawing.title)}</title>
  <desc>${escape(drawing.words.join(' '))}</desc>
  <rect width="${width}" height="${height}" fill="${escape(drawing.ground)}"/>
  ${svgWords(drawing.title, MARGIN + 14, 16, '600', drawing)}
  ${lines}
  <g transform="translate(${MARGIN} ${head(drawing)})">
    ${shapes}
  </g>
</svg>
`;
}

function svgWords(words: string, y: number, size: number, weight: string, { ink, family }: Drawing): string {
  return `<text x="${MARGIN}" y="${y}" fill="${escape(ink)}" font-size="${size}" font-weight="${weight}" font-family="${escape(family)}">${escape(words)}</text>`;
}

function svgShape(shape: Shape): string {
  const numbers = Object.entries(shape.at).map(([name, value]) => `${name}="${value}"`);
  const look = [`fill="${escape(shape.fill)}"`, `stroke="${escape(shape.stroke)}"`, `stroke-width="${shape.strokeWidth}"`];
  if (shape.dash.length > 0) look.push(`stroke-dasharray="${shape.dash.join(' ')}"`);
  if (shape.opacity !== 1) look.push(`opacity="${shape.opacity}"`);
  if (shape.tag === 'path') numbers.push(`d="${escape(shape.d)}"`);
  if (shape.tag !== 'text') return `<${shape.tag} ${[...numbers, ...look].join(' ')}/>`;
  const type = `text-anchor="${shape.anchor}" font-size="${shape.font.size}" font-weight="${escape(shape.font.weight)}" font-family="${escape(shape.font.family)}"`;
  return `<text ${[...numbers, ...look, type].join(' ')}>${escape(shape.text)}</text>`;
}

/** The picture as PNG bytes in base64, at twice the size on the screen. */
export function pngBase64(drawing: Drawing, scale = 2): string {
  const { width, height } = pictureSize(drawing);
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  paint(context, drawing, scale);
  return canvas.toDataURL('image/png').replace(/^data:[^,]*,/, '');
}

/** Paints the picture; apart for tests. */
export function paint(context: CanvasRenderingContext2D, drawing: Drawing, scale: number): void {
  const { width, height } = pictureSize(drawing);
  context.scale(scale, scale);
  context.fillStyle = drawing.ground;
  context.fillRect(0, 0, width, height);
  context.fillStyle = drawing.ink;
  context.textAlign = 'left';
  context.font = `600 16px ${drawing.family}`;
  context.fillText(drawing.title, MARGIN, MARGIN + 14);
  context.font = `400 13px ${drawing.family}`;
  drawing.words.forEach((words, index) => context.fillText(words, MARGIN, MARGIN + 40 + index * LINE));
  context.translate(MARGIN, head(drawing));
  for (const shape of drawing.shapes) paintShape(context, shape);
}

function paintShape(context: CanvasRenderingContext2D, shape: Shape): void {
  context.globalAlpha = shape.opacity;
  context.lineWidth = shape.strokeWidth;
  context.setLineDash(shape.dash);
  if (shape.fill !== 'none') context.fillStyle = shape.fill;
  if (shape.stroke !== 'none') context.strokeStyle = shape.stroke;
  if (shape.tag === 'text') {
    context.font = `${shape.font.weight} ${shape.font.size}px ${shape.font.family}`;
    context.textAlign = shape.anchor === 'middle' ? 'center' : shape.anchor;
    context.fillText(shape.text, shape.at['x'] ?? 0, shape.at['y'] ?? 0);
    return;
  }
  const path = pathOf(shape);
  if (shape.fill !== 'none' && shape.tag !== 'line') context.fill(path);
  if (shape.stroke !== 'none' && shape.strokeWidth > 0) context.stroke(path);
}

function pathOf({ tag, at, d }: Shape): Path2D {
  if (tag === 'path') return new Path2D(d);
  const path = new Path2D();
  const n = (name: string): number => at[name] ?? 0;
  if (tag === 'rect') path.rect(n('x'), n('y'), n('width'), n('height'));
  else if (tag === 'circle') path.arc(n('cx'), n('cy'), n('r'), 0, 2 * Math.PI);
  else {
    path.moveTo(n('x1'), n('y1'));
    path.lineTo(n('x2'), n('y2'));
  }
  return path;
}
