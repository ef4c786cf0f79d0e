// QR codes (ISO/IEC 18004) of short texts, made in the browser so that a secret need not travel once more: byte mode,
// error correction L, versions 1 to 10 (at most 271 bytes), black on white with a quiet zone of four modules.
import { html } from '../lit.js';

const ECC = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18], BLOCKS = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4];
const ALIGN = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const raw = v => { let n = (16 * v + 128) * v + 64; if (v > 1) { const a = ALIGN[v - 1].length; n -= (25 * a - 10) * a - 55; if (v > 6) n -= 36; } return n >> 3; };

const EXP = new Uint8Array(512), LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) { EXP[i] = EXP[i + 255] = x; LOG[x] = i; x <<= 1; if (x > 255) x ^= 0x11d; }
const times = (a, b) => a && b ? EXP[LOG[a] + LOG[b]] : 0;
function remainder(data, degree) {
  let g = [1];
  for (let i = 0; i < degree; i++) { const next = [...g, 0]; g.forEach((c, k) => { next[k + 1] ^= times(c, EXP[i]); }); g = next; }
  const rest = new Uint8Array(degree);
  for (const b of data) { const f = b ^ rest[0]; rest.copyWithin(0, 1); rest[degree - 1] = 0; for (let k = 0; k < degree; k++) rest[k] ^= times(g[k + 1], f); }
  return rest;
}

function codewords(bytes) {
  const v = ECC.findIndex((ecc, i) => bytes.length + (i < 9 ? 2 : 3) <= raw(i + 1) - ecc * BLOCKS[i]) + 1;
  if (!v) return null;
  const room = raw(v) - ECC[v - 1] * BLOCKS[v - 1], bits = [];
  const put = (value, n) => { for (let k = n - 1; k >= 0; k--) bits.push(value >> k & 1); };
  put(4, 4); put(bytes.length, v < 10 ? 8 : 16);
  bytes.forEach(b => put(b, 8));
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data = [];
  for (let i = 0; i < bits.length; i += 8) data.push(bits.slice(i, i + 8).reduce((a, b) => a << 1 | b, 0));
  for (let pad = 0xec; data.length < room; pad ^= 0xfd) data.push(pad);
  const n = BLOCKS[v - 1], short = Math.floor(room / n), long = room % n, blocks = [];
  for (let i = 0, at = 0; i < n; i++) { const size = short + (i >= n - long ? 1 : 0), part = data.slice(at, at + size); at += size; blocks.push({ part, ecc: remainder(part, ECC[v - 1]) }); }
  const out = [];
  for (let i = 0; i <= short; i++) for (const b of blocks) if (i < b.part.length) out.push(b.part[i]);
  for (let i = 0; i < ECC[v - 1]; i++) for (const b of blocks) out.push(b.ecc[i]);
  return { v, out };
}

const MASKS = [(x, y) => (x + y) % 2, (x, y) => y % 2, x => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => x * y % 2 + x * y % 3, (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2];

function matrix({ v, out }) {
  const size = 17 + 4 * v, m = Array.from({ length: size }, () => new Int8Array(size).fill(-1)), fixed = Array.from({ length: size }, () => new Uint8Array(size));
  const set = (x, y, on) => { if (x >= 0 && y >= 0 && x < size && y < size) { m[y][x] = on ? 1 : 0; fixed[y][x] = 1; } };
  for (let i = 0; i < size; i++) { set(6, i, i % 2 === 0); set(i, 6, i % 2 === 0); }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]]) for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) { const r = Math.max(Math.abs(dx), Math.abs(dy)); set(cx + dx, cy + dy, r !== 2 && r !== 4); }
  const a = ALIGN[v - 1];
  for (const cx of a) for (const cy of a) {
    if (cx === 6 && cy === 6 || cx === 6 && cy === a.at(-1) || cx === a.at(-1) && cy === 6) continue;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }
  if (v > 6) {
    let rest = v;
    for (let i = 0; i < 12; i++) rest = rest << 1 ^ (rest >> 11) * 0x1f25;
    const bits = v << 12 | rest;
    for (let i = 0; i < 18; i++) { const on = bits >> i & 1, far = size - 11 + i % 3, near = Math.floor(i / 3); set(far, near, on); set(near, far, on); }
  }
  const format = mask => {
    const data = 1 << 3 | mask;
    let rest = data;
    for (let i = 0; i < 10; i++) rest = rest << 1 ^ (rest >> 9) * 0x537;
    const bits = (data << 10 | rest) ^ 0x5412, bit = i => bits >> i & 1;
    for (let i = 0; i <= 5; i++) set(8, i, bit(i));
    set(8, 7, bit(6)); set(8, 8, bit(7)); set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
    set(8, size - 8, 1);
  };
  format(0);
  let k = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let row = 0; row < size; row++) for (let j = 0; j < 2; j++) {
      const x = right - j, y = (right + 1 & 2) === 0 ? size - 1 - row : row;
      if (!fixed[y][x]) { m[y][x] = k < out.length * 8 ? out[k >> 3] >> 7 - (k & 7) & 1 : 0; k++; }
    }
  }
  const masked = mask => m.map((row, y) => Array.from(row, (on, x) => fixed[y][x] ? on : on ^ (MASKS[mask](x, y) === 0 ? 1 : 0)));
  let best = 0, least = Infinity;
  MASKS.forEach((_, mask) => { const cost = penalty(masked(mask)); if (cost < least) { least = cost; best = mask; } });
  format(best);
  return masked(best);
}

/** Long runs of one colour, blocks of 2 x 2, and too much of either. */
function penalty(m) {
  let cost = 0, dark = 0;
  const size = m.length, run = at => { for (let i = 0; i < size; i++) for (let j = 1, n = 1; j < size; j++) { n = at(i, j) === at(i, j - 1) ? n + 1 : 1; cost += n === 5 ? 3 : n > 5 ? 1 : 0; } };
  run((i, j) => m[i][j]); run((i, j) => m[j][i]);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) { dark += m[y][x]; if (x && y && m[y][x] === m[y - 1][x] && m[y][x] === m[y][x - 1] && m[y][x] === m[y - 1][x - 1]) cost += 3; }
  return cost + Math.floor(Math.abs(dark / size / size - .5) * 20) * 10;
}

/** Rows of 0 and 1, or null when the text is too long. */
export function modules(text) { const c = codewords(new TextEncoder().encode(text)); return c && matrix(c); }

export function qr(text, label) {
  const m = modules(text);
  if (!m) return null;
  const size = m.length + 8, path = m.map((row, y) => Array.from(row).map((on, x) => on ? `M${x + 4},${y + 4}h1v1h-1z` : '').join('')).join('');
  return html`<svg class="qr-code" role="img" aria-label=${label} viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width=${size} height=${size} fill="#fff"></rect><path d=${path} fill="#000"></path></svg>`;
}
