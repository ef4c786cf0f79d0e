// A list that the server pages, sorts and filters, and the table that shows it.
import { html, nothing, repeat } from '../lit.js';
import { redraw } from '../store.js';
import { get } from '../api.js';
import { t, num } from '../i18n.js';
import { announce } from './say.js';
import { icon, failure, loading } from './ui.js';

export const PAGE = 50;
/** New rows put on the page in one frame: fifty at once keep a slow machine's page busy for more than a tenth of a second. */
const ROWS_A_FRAME = 12;

/** The rows of `path`, one page at a time: `items` as the server gave them, `shown` those of them that the page has so far. */
export class List {
  constructor(path, { sort = '', limit = PAGE, key = r => r.id } = {}) {
    Object.assign(this, { path, sort, limit, key, q: '', filter: '', items: null, shown: [], total: 0, next: null, problem: null, busy: false, before: [], cursor: null });
  }
  /** Draws the rows that there are, from none on. */
  open() { this.shown = []; this.fill(); }
  /** The page opens: its first rows are those that it had, until the server answers. */
  enter() { this.open(); this.first(); return this.load(); }
  /** Asks again for the page that is shown; `quiet` leaves the screen readers alone. */
  async load(quiet = false) {
    this.asking?.abort();
    const mine = this.asking = new AbortController();
    this.busy = true;
    if (!quiet) redraw();
    try {
      const answer = await get(this.path, { q: this.q, filter: this.filter, sort: this.sort, limit: this.limit, cursor: this.cursor }, { signal: mine.signal });
      Object.assign(this, { items: answer.items, next: answer.next, total: answer.total, problem: null });
      if (!quiet) announce(t('list.found', { n: answer.total }));
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.problem = e;
    }
    if (this.asking === mine) this.busy = false;
    this.fill();
  }
  /** Shows what is due, some new rows each frame; below them the former ones stay, so that nothing jumps meanwhile. */
  fill() {
    const due = this.items ?? [], there = new Set(this.shown.map(this.key));
    let n = 0;
    for (let fresh = 0; n < due.length && (there.has(this.key(due[n])) || fresh++ < ROWS_A_FRAME);) n++;
    const placed = new Set(due.slice(0, n).map(this.key));
    this.shown = n === due.length ? due : [...due.slice(0, n), ...this.shown.slice(n).filter(r => !placed.has(this.key(r)))];
    redraw();
    cancelAnimationFrame(this.filling);
    if (this.shown !== due) this.filling = requestAnimationFrame(() => this.fill());
  }
  first() { this.cursor = null; this.before = []; }
  /** Another filter, search or order: back to the first page. */
  change(patch) { Object.assign(this, patch); this.first(); return this.load(); }
  search(q) { this.q = q; this.first(); clearTimeout(this.typing); this.typing = setTimeout(() => this.load(), 200); redraw(); }
  forward() { this.before.push(this.cursor); this.cursor = this.next; return this.turn(); }
  back() { this.cursor = this.before.pop() ?? null; return this.turn(); }
  async turn() { await this.load(); document.querySelector('main')?.scrollIntoView({ block: 'start' }); }
  get start() { return this.before.length * this.limit; }
}

/**
 * Columns are { label, cell(row), sort, cls, hidden }: `lead` leads a card on phones, `state` sits beside it, `btns` are
 * its actions.
 */
export function table({ caption, list, columns, none }) {
  if (list.problem && !list.items) return failure(list.problem, () => list.load());
  if (!list.items) return html`<div class="card">${loading(6)}</div>`;
  if (!list.items.length) return html`<div class="card">${none}</div>`;
  return html`${failure(list.problem, () => list.load())}<div class="card"><div class="scroll" aria-busy=${list.busy || list.shown !== list.items ? 'true' : 'false'}><table class="cards" role="table"><caption class="vh">${caption}</caption>
    <thead role="rowgroup"><tr role="row">${columns.map(c => heading(c, list))}</tr></thead>
    <tbody role="rowgroup">${repeat(list.shown, list.key, r => html`<tr class="row" role="row">${columns.map(c => html`<td role="cell" class=${c.cls ?? ''} data-l=${c.cls === 'lead' || c.cls === 'btns' ? nothing : c.label}>${c.cell(r)}</td>`)}</tr>`)}</tbody></table></div></div>
    ${pager(list)}`;
}

function heading(c, list) {
  if (!c.sort) return html`<th role="columnheader" scope="col" class=${c.cls === 'end' ? 'end' : ''}>${c.hidden ? html`<span class="vh">${c.label}</span>` : c.label}</th>`;
  const down = list.sort === `-${c.sort}`, up = list.sort === c.sort;
  return html`<th role="columnheader" scope="col" class=${c.cls === 'end' ? 'end' : ''} aria-sort=${up ? 'ascending' : down ? 'descending' : 'none'}>
    <button class="sort" type="button" @click=${() => list.change({ sort: up ? `-${c.sort}` : c.sort })}>${c.label}${icon(up ? 'arrow-up' : down ? 'arrow-down' : 'chevrons-up-down', 's')}</button></th>`;
}

export const pager = list => html`<div class="pager"><p class="small dim">${t('list.range', { from: num(Math.min(list.total, list.start + 1)), to: num(list.start + (list.items?.length ?? 0)), total: num(list.total) })}</p>
  ${list.before.length || list.next ? html`<div class="actions"><button class="btn small" type="button" ?disabled=${!list.before.length} @click=${() => list.back()}>${icon('chevron-left', 's')}${t('list.back')}</button>
  <button class="btn small" type="button" ?disabled=${!list.next} @click=${() => list.forward()}>${t('list.next')}${icon('chevron-right', 's')}</button></div>` : nothing}</div>`;

/** The search box above a list. */
export const finder = (label, value, change) => html`<label class="find">${icon('search', 's')}<span class="vh">${label}</span><input type="search" placeholder=${label} autocomplete="off" spellcheck="false" .value=${value} @input=${e => change(e.target.value)}></label>`;
