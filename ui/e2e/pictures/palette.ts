// Pictures of flat colours and text: the commonest colours stay exact, the vivid ones before
// the grey, and every other pixel takes the nearest of them. Smaller than a general quantiser
// makes it, and a small green dot stays green.
import sharp from 'sharp';

const KEPT = 48;
/** A vivid pixel counts as so many grey ones. */
const VIVID = 60;

/** A PNG reduced to its commonest colours. */
export async function reduced(png: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const counts = new Map<number, number>();
  for (let at = 0; at < data.length; at += 3) {
    const colour = colourAt(data, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const weight = ([colour, times]: [number, number]): number => times * (1 + VIVID * chroma(colour));
  const kept = [...counts].sort((a, b) => weight(b) - weight(a) || a[0] - b[0]).slice(0, KEPT).map(([colour]) => colour);
  const nearest = new Map(kept.map((colour) => [colour, colour]));
  for (let at = 0; at < data.length; at += 3) {
    const colour = colourAt(data, at);
    let to = nearest.get(colour);
    if (to === undefined) {
      to = kept.reduce((best, one) => (distance(one, colour) < distance(best, colour) ? one : best));
      nearest.set(colour, to);
    }
    data[at] = to >> 16;
    data[at + 1] = (to >> 8) & 255;
    data[at + 2] = to & 255;
  }
  return sharp(data, { raw: info }).png({ palette: true, dither: 0, effort: 10, compressionLevel: 9 }).toBuffer();
}

function colourAt(data: Buffer, at: number): number {
  return ((data[at] as number) << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number);
}

/** How far a colour is from grey, 0 to 1. */
function chroma(colour: number): number {
  const parts = [colour >> 16, (colour >> 8) & 255, colour & 255];
  return (Math.max(...parts) - Math.min(...parts)) / 255;
}

/** Squared, with the weights that the eye gives to red, green and blue. */
function distance(a: number, b: number): number {
  const [red, green, blue] = [(a >> 16) - (b >> 16), ((a >> 8) & 255) - ((b >> 8) & 255), (a & 255) - (b & 255)];
  return 3 * red * red + 4 * green * green + 2 * blue * blue;
}
