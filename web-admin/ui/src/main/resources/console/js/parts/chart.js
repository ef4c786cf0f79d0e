// A line chart on one canvas. Colours come from the tokens; the read-out is a range input, so that the keyboard and
// screen readers get the same values as the mouse.
import { html, nothing, ref } from '../lit.js';
import { rate, clock, hour, t } from '../i18n.js';

const PAD = { left: 58, right: 6, top: 8, bottom: 24 };
const nice = max => { const raw = Math.max(max, 4) / 4, p = 10 ** Math.floor(Math.log10(raw)); return p * [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(k => k * p >= raw); };

/** Points are { at: epoch seconds, in, out }, where in and out may be null: nothing was measured. */
export class LineChart {
  constructor(host, { label }) {
    Object.assign(this, { host, data: [], at: null });
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.canvas.setAttribute('aria-hidden', 'true');
    this.range = host.appendChild(Object.assign(document.createElement('input'), { type: 'range', min: 0, step: 1 }));
    this.range.setAttribute('aria-label', label);
    this.tip = host.appendChild(Object.assign(document.createElement('div'), { className: 'tip', hidden: true }));
    this.probe = host.appendChild(Object.assign(document.createElement('span'), { hidden: true }));
    this.range.addEventListener('input', () => this.point(+this.range.value));
    this.range.addEventListener('focus', () => { if (this.range.matches(':focus-visible')) this.point(this.data.length - 1); });
    this.range.addEventListener('blur', () => this.point(null));
    host.addEventListener('pointermove', e => this.point(this.indexAt(e.clientX - this.canvas.getBoundingClientRect().left)));
    host.addEventListener('pointerleave', () => this.point(null));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(host);
    this.sides = new MutationObserver(() => this.draw());
    this.sides.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.redraw = () => this.draw();
    this.dark.addEventListener('change', this.redraw);
  }
  close() { this.sizes.disconnect(); this.sides.disconnect(); this.dark.removeEventListener('change', this.redraw); }
  color(name) { this.probe.style.color = `var(${name})`; return getComputedStyle(this.probe).color; }
  set(data) {
    if (this.data === data) return;
    this.data = data;
    this.range.max = Math.max(0, data.length - 1);
    if (this.at == null) this.range.value = data.length - 1; else this.at = Math.min(this.at, data.length - 1);
    this.draw();
    if (this.at != null || !this.said) this.say();
  }
  get from() { return this.data[0].at; }
  get to() { return this.data.at(-1).at; }
  x(i) { return PAD.left + (this.data[i].at - this.from) / Math.max(1, this.to - this.from) * (this.w - PAD.left - PAD.right); }
  indexAt(px) {
    if (!this.data.length) return null;
    const want = this.from + (px - PAD.left) / Math.max(1, this.w - PAD.left - PAD.right) * (this.to - this.from);
    let best = 0;
    this.data.forEach((p, i) => { if (Math.abs(p.at - want) < Math.abs(this.data[best].at - want)) best = i; });
    return best;
  }
  point(i) { if (i === this.at || !this.data.length) return; this.at = i; if (i != null) this.range.value = i; this.draw(); this.say(); }
  time(p) { return this.to - this.from < 7200 ? clock(p.at * 1000) : hour(p.at * 1000); }
  say() {
    const p = this.data[this.at ?? this.data.length - 1];
    if (!p) return;
    this.said = true;
    this.range.setAttribute('aria-valuetext', t('chart.value', { time: this.time(p), out: rate(p.out).join(' '), in: rate(p.in).join(' ') }));
  }
  draw() {
    const { canvas: c, data } = this, dpr = devicePixelRatio || 1;
    this.w = this.host.clientWidth; this.h = this.host.clientHeight;
    if (!this.w || !this.h) return;
    if (c.width !== Math.round(this.w * dpr) || c.height !== Math.round(this.h * dpr)) { c.width = Math.round(this.w * dpr); c.height = Math.round(this.h * dpr); }
    const g = c.getContext('2d');
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, this.w, this.h);
    if (data.length < 2) { this.tip.hidden = true; return; }
    const step = nice(Math.max(1000, ...data.map(d => Math.max(d.in ?? 0, d.out ?? 0))) * 1.04), top = step * 4;
    const y = v => PAD.top + (1 - v / top) * (this.h - PAD.top - PAD.bottom);
    this.grid(g, step, y);
    this.line(g, y, 'out', '--chart-in', true);
    this.line(g, y, 'in', '--chart-out', false);
    this.readOut(g, y);
  }
  grid(g, step, y) {
    g.font = `11.5px ${getComputedStyle(this.host).fontFamily}`;
    g.fillStyle = this.color('--text-2'); g.strokeStyle = this.color('--chart-grid'); g.lineWidth = 1; g.textBaseline = 'middle'; g.textAlign = 'right';
    for (let k = 0; k <= 4; k++) {
      const yy = Math.round(y(k * step)) + .5;
      g.beginPath(); g.moveTo(PAD.left, yy); g.lineTo(this.w - PAD.right, yy); g.stroke();
      const [n, unit] = rate(k * step);
      g.fillText(k ? `${n} ${unit[0] === 'b' ? '' : unit[0]}` : '0', PAD.left - 8, yy);
    }
    g.textBaseline = 'alphabetic';
    const span = this.to - this.from, room = Math.max(2, Math.floor((this.w - PAD.left) / 75));
    const every = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].find(s => span / s <= room) ?? 86400;
    for (let at = Math.ceil(this.from / every) * every; at <= this.to; at += every) {
      const x = PAD.left + (at - this.from) / Math.max(1, span) * (this.w - PAD.left - PAD.right);
      g.textAlign = x > this.w - 30 ? 'right' : x < PAD.left + 20 ? 'left' : 'center';
      g.fillText(every < 60 ? clock(at * 1000) : hour(at * 1000), x, this.h - 6);
    }
  }
  line(g, y, key, colour, filled) {
    const runs = [];
    let run = null;
    this.data.forEach((d, i) => { if (d[key] == null) run = null; else { if (!run) runs.push(run = []); run.push([this.x(i), y(d[key])]); } });
    const tone = this.color(colour);
    for (const points of runs) {
      const path = new Path2D();
      points.forEach(([px, py], i) => i ? path.lineTo(px, py) : path.moveTo(px, py));
      if (filled) {
        const area = new Path2D(path), shade = g.createLinearGradient(0, PAD.top, 0, this.h - PAD.bottom);
        area.lineTo(points.at(-1)[0], y(0)); area.lineTo(points[0][0], y(0));
        shade.addColorStop(0, tone); shade.addColorStop(1, 'transparent');
        g.globalAlpha = .13; g.fillStyle = shade; g.fill(area); g.globalAlpha = 1;
      } else g.setLineDash([5, 3]);
      g.lineJoin = 'round'; g.lineWidth = 1.8; g.strokeStyle = tone; g.stroke(path); g.setLineDash([]);
    }
  }
  readOut(g, y) {
    if (this.at == null) { this.tip.hidden = true; return; }
    const p = this.data[this.at], x = this.x(this.at);
    g.strokeStyle = this.color('--text-2'); g.lineWidth = 1; g.globalAlpha = .5;
    g.beginPath(); g.moveTo(Math.round(x) + .5, PAD.top); g.lineTo(Math.round(x) + .5, this.h - PAD.bottom); g.stroke(); g.globalAlpha = 1;
    for (const [key, colour] of [['out', '--chart-in'], ['in', '--chart-out']]) {
      if (p[key] == null) continue;
      g.beginPath(); g.arc(x, y(p[key]), 3.6, 0, 7); g.fillStyle = this.color(colour); g.fill(); g.lineWidth = 2; g.strokeStyle = this.color('--surface'); g.stroke();
    }
    this.tip.hidden = false;
    this.tip.replaceChildren();
    for (const [label, cls, text] of [[this.time(p), '', ''], [t('overview.toUsers'), 'in', rate(p.out).join(' ')], [t('overview.fromUsers'), 'out', rate(p.in).join(' ')]]) {
      const row = document.createElement('div');
      if (cls) { const k = document.createElement('i'); k.className = `key ${cls}`; row.append(k); } else row.className = 'dim';
      row.append(label + (text ? '  ' : ''));
      if (text) { const b = document.createElement('b'); b.className = 'num'; b.textContent = text; row.append(b); }
      this.tip.append(row);
    }
    const width = this.tip.offsetWidth;
    this.tip.style.setProperty('left', `${x + 14 + width > this.w ? x - width - 14 : x + 14}px`);
  }
}

const charts = new WeakMap();
let current = null;
const mount = el => { if (el) { current?.close(); current = new LineChart(el, { label: t('chart.label') }); charts.set(el, current); } else { current?.close(); current = null; } };
/** The one chart of a page. */
export function chart(data) {
  queueMicrotask(() => current?.set(data));
  return html`<div class="chart" ${ref(mount)}></div>`;
}

/** A line without axes, for a card. */
export function spark(points, key, cls) {
  const values = points.map(p => p[key]).filter(v => v != null);
  if (values.length < 3) return nothing;
  const every = Math.max(1, Math.floor(values.length / 40)), kept = values.filter((_, i) => i % every === 0), low = Math.min(...kept), high = Math.max(...kept);
  const d = kept.map((v, i) => `${i ? 'L' : 'M'}${(i / (kept.length - 1) * 100).toFixed(1)},${(30 - (v - low) / (high - low || 1) * 28).toFixed(1)}`).join('');
  return html`<svg class="spark ${cls}" viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true"><path d=${d}></path></svg>`;
}
